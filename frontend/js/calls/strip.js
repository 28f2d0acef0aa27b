/**
 * The strip of bars: calls by outcome over time. Pointer and arrows read a bin, a drag or Shift
 * and arrows choose a span, which letting go or Enter makes the range of the search.
 */
import { binText, timeOf, timeTicks } from "../charts/bins.js";
import { BIN_KEYS, NOWHERE } from "../charts/cursor.js";
import { bars } from "../charts/marks.js";
import { axisOf, fixed, sumsOf } from "../charts/scale.js";
import { h, svg } from "../dom.js";
import { STRIP } from "../words/calls.js";

/** @typedef {import("../charts/bins.js").Bins} Bins */
/** @typedef {import("../charts/chart.js").Layer} Layer */
/** @typedef {{bins: Bins, layers: Layer[]}} Content */

const HEIGHT = 104;
const [LEFT, RIGHT, TOP, BOTTOM] = [34, 4, 8, 20];
const TICK_WIDTH = 84;

export class Strip {
  /** @type {Content | null} */
  #content = null;
  #width = 0;
  #at = NOWHERE;
  /** Where the span that is chosen began. */
  #anchor = NOWHERE;

  /** @param {{read: (at: number) => void, words: (first: number, end: number) => string, zoom: (fromMs: number, toMs: number) => void}} options `words` tells the figures of bins */
  constructor(options) {
    this.options = options;
    this.drawing = svg("svg", { height: HEIGHT, width: "100%", "aria-hidden": "true" });
    this.mark = svg("rect", { class: "cursor", y: TOP, height: HEIGHT - TOP - BOTTOM, visibility: "hidden" });
    this.element = h("div", { class: "strip plot", tabindex: 0, role: "slider", "aria-label": STRIP.label, "aria-description": STRIP.keys, "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 }, this.drawing);
    this.resizes = new ResizeObserver(() => this.#draw());
    this.resizes.observe(this.element);
    this.#listen();
  }

  /** @param {Content} content */
  show(content) {
    this.#content = content;
    this.#width = 0;
    this.#anchor = NOWHERE;
    this.element.setAttribute("aria-valuemax", String(content.bins.count - 1));
    this.#draw();
    this.#move(Math.min(this.#at, content.bins.count - 1));
  }

  leave() {
    this.resizes.disconnect();
  }

  get #frame() {
    const { bins, layers } = /** @type {Content} */ (this.#content);
    const axis = axisOf(sumsOf(bins.count, layers), { whole: true });
    const [right, bottom] = [Math.max(this.#width - RIGHT, LEFT + 1), HEIGHT - BOTTOM];
    return { axis, left: LEFT, top: TOP, right, bottom,
      x: (/** @type {number} */ at) => LEFT + (at / bins.count) * (right - LEFT),
      y: (/** @type {number} */ value) => bottom - (value / axis.high) * (bottom - TOP) };
  }

  #draw() {
    const width = this.element.clientWidth;
    if (!this.#content || !width || width === this.#width) return;
    this.#width = width;
    const { bins, layers } = this.#content;
    const frame = this.#frame;
    const ticks = frame.axis.ticks.filter((_, index, all) => index % Math.ceil(all.length / 4) === 0);
    const lines = ticks.flatMap((value) => {
      const y = fixed(frame.y(value));
      return [svg("line", { class: value ? "grid-line" : "base", x1: LEFT, x2: frame.right, y1: y, y2: y }), svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, value.toLocaleString())];
    });
    const times = timeTicks(bins, Math.max(1, (frame.right - LEFT) / TICK_WIDTH)).map(({ at, label }) =>
      svg("text", { x: Math.min(Math.max(fixed(frame.x(at)), LEFT + 14), frame.right - 16), y: HEIGHT - 5, "text-anchor": "middle" }, label));
    this.drawing.replaceChildren(this.mark, ...lines, ...times, ...bars(frame, layers));
    this.#showMark();
  }

  #listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => {
      if (event.button || event.pointerType === "touch") return;
      element.setPointerCapture(event.pointerId);
      this.#anchor = this.#binAt(event);
      this.#move(this.#anchor);
    });
    element.addEventListener("pointermove", (event) => this.#move(this.#binAt(event, this.#anchor !== NOWHERE)));
    element.addEventListener("pointerup", () => {
      const [first, last] = this.#span;
      this.#anchor = this.#anchor === NOWHERE || first === last ? NOWHERE : this.#anchor;
      if (this.#anchor !== NOWHERE) this.#zoom();
    });
    element.addEventListener("dblclick", () => this.#zoom());
    element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.#move(NOWHERE));
    element.addEventListener("blur", () => { this.#anchor = NOWHERE; this.#move(NOWHERE); });
    element.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { key, shiftKey } = event;
    const last = (this.#content?.bins.count ?? 0) - 1;
    const step = BIN_KEYS[key];
    if (last < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) {
      const from = this.#at === NOWHERE ? last : this.#at;
      this.#anchor = !shiftKey ? NOWHERE : this.#anchor === NOWHERE ? from : this.#anchor;
      const isFirstPress = this.#at === NOWHERE && !shiftKey && key !== "Home";
      this.#move(isFirstPress ? last : Math.min(Math.max(step(from, last), 0), last));
    } else if (key === "Enter" && this.#at !== NOWHERE) this.#zoom();
    else if (key === "Escape" && this.#at !== NOWHERE) {
      this.#anchor = NOWHERE;
      this.#move(NOWHERE);
    } else return;
    event.preventDefault();
  }

  /** First and last bin that are read or chosen. @returns {[number, number]} */
  get #span() {
    if (this.#anchor === NOWHERE) return [this.#at, this.#at];
    return [Math.min(this.#anchor, this.#at), Math.max(this.#anchor, this.#at)];
  }

  /** @param {MouseEvent} event @param {boolean} [isDragging] past the ends is the end then */
  #binAt(event, isDragging = false) {
    if (!this.#content || !this.#width) return NOWHERE;
    const { left, right } = this.#frame;
    const part = (event.clientX - this.element.getBoundingClientRect().left - left) / (right - left);
    if (!isDragging && (part < 0 || part > 1)) return NOWHERE;
    return Math.min(Math.max(Math.floor(part * this.#content.bins.count), 0), this.#content.bins.count - 1);
  }

  /** @param {number} at */
  #move(at) {
    if (!this.#content) return;
    this.#at = at;
    const { bins } = this.#content;
    const [first, last] = this.#span;
    this.element.setAttribute("aria-valuenow", String(Math.max(at, 0)));
    this.element.setAttribute("aria-valuetext", at === NOWHERE ? STRIP.nothingRead : `${this.#spanText(first, last)}: ${this.options.words(first, last + 1)}${first === last ? "" : `. ${STRIP.zooms}`}`);
    this.#showMark();
    this.options.read(bins.count ? at : NOWHERE);
  }

  /** What is read, in words. */
  get text() {
    const [first, last] = this.#span;
    return this.#at === NOWHERE ? "" : this.#spanText(first, last);
  }

  /** @param {number} first @param {number} last */
  #spanText(first, last) {
    const { bins } = /** @type {Content} */ (this.#content);
    return binText({ startMs: timeOf(bins, first), stepMs: bins.stepMs * (last - first + 1), count: 1 }, 0);
  }

  #showMark() {
    const isRead = this.#at !== NOWHERE && this.#width > 0 && this.#content !== null;
    this.mark.setAttribute("visibility", isRead ? "visible" : "hidden");
    if (!isRead) return;
    const { x } = this.#frame;
    const [first, last] = this.#span;
    this.mark.setAttribute("x", String(fixed(x(first))));
    this.mark.setAttribute("width", String(fixed(Math.max(x(last + 1) - x(first), 1))));
    this.mark.classList.toggle("chosen", first !== last);
  }

  #zoom() {
    if (!this.#content || this.#at === NOWHERE) return;
    const [first, last] = this.#span;
    const { bins } = this.#content;
    this.#anchor = NOWHERE;
    this.options.zoom(timeOf(bins, first), timeOf(bins, last + 1));
  }
}
