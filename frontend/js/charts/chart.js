/**
 * A chart over bins of time: stacked bars, or lines with holes. It is drawn anew at every width.
 * Pointer and arrow keys read a bin, which the head then tells in figures; to assistive
 * technology it is a slider over time. Behind it lie a table and CSV of the same numbers.
 */
import { h, svg } from "../dom.js";
import { CHARTS } from "../words/charts.js";
import { binText, timeTicks } from "./bins.js";
import { BIN_KEYS, NOWHERE } from "./cursor.js";
import { readout } from "./readout.js";
import { fixed } from "./scale.js";
import { numbersBehind } from "./table.js";

/** @typedef {import("./bins.js").Bins} Bins */
/** @typedef {import("./scale.js").Numbers} Numbers */
/** @typedef {import("./scale.js").Axis} Axis */
/** @typedef {{name: string, look: string, values: Numbers, href?: (at: number) => string}} Layer a kind of bar, or a line; where its figure of a bin, or NOWHERE's of all, leads */
/** @typedef {{left: number, top: number, right: number, bottom: number, x: (at: number) => number, y: (value: number) => number}} Frame `x` of bins with fractions */
/**
 * @typedef {object} Options
 * @property {string} title
 * @property {string} [note] unit and source, beside the title
 * @property {Bins} bins
 * @property {Layer[]} layers
 * @property {Axis} axis
 * @property {import("./cursor.js").Cursor} cursor
 * @property {(value: number) => string} text a value with its unit
 * @property {(value: number) => string} [tick] the same on the axis; without it as `text`
 * @property {(frame: Frame, layers: Layer[]) => SVGElement[]} draw the marks: `bars` or `lines`
 * @property {"bar" | "line"} kind
 * @property {{value: number, text: string}} [guide] a value that divides good from bad
 * @property {number} [height]
 * @property {string} [span] class that says how wide the card is
 * @property {(at: number) => void} [open] what a click or Enter on a bin does
 * @property {string} [opens] the same in words
 */

const HEIGHT = 200;
const LEFT = 42;
const RIGHT = 6;
const NAMES_RIGHT = 42;
const TOP = 10;
const BOTTOM = 20;
const TICK_WIDTH = 72;

/** Return a chart as a card. @param {Options} options @returns {HTMLElement} */
export function chart(options) {
  const { title, note, bins, layers, cursor, height = HEIGHT, span = "" } = options;
  const last = bins.count - 1;
  const canvas = svg("svg", { height, width: "100%", "aria-hidden": "true" });
  const plot = h("div", { class: options.open ? "plot opens" : "plot", tabindex: 0, role: "slider", "aria-label": CHARTS.slider(title),
    "aria-valuemin": 0, "aria-valuemax": last, title: options.opens }, canvas);
  const read = readout(options);
  const card = h("section", { class: `card chart ${span}`.trim(), "aria-label": title },
    h("header", {}, h("h2", {}, title), note && h("span", { class: "quiet" }, note)), read.element, plot,
    numbersBehind({ title, bins, layers }));
  let width = 0;
  /** @type {SVGElement | null} */
  let mark = null;
  const show = (/** @type {number} */ at) => {
    read.show(at);
    const told = at === NOWHERE ? last : at;
    plot.setAttribute("aria-valuenow", String(told));
    plot.setAttribute("aria-valuetext", `${binText(bins, told)}: ${read.words(told)}`);
    mark?.remove();
    mark = at === NOWHERE || !width ? null : cursorMark(frameOf(options, width, height), at);
    if (mark) canvas.prepend(mark);
  };
  new ResizeObserver(() => {
    if (plot.clientWidth === width) return;
    width = plot.clientWidth;
    canvas.replaceChildren(...drawing(options, frameOf(options, width, height)));
    show(cursor.at);
  }).observe(plot);
  cursor.follow(show);
  show(NOWHERE);
  listen(plot, options, () => frameOf(options, width, height));
  return card;
}

/** @param {HTMLElement} plot @param {Options} options @param {() => Frame} frame */
function listen(plot, { bins, cursor, open }, frame) {
  const last = bins.count - 1;
  /** @param {MouseEvent} event */
  const binAt = (event) => {
    const { left, right } = frame();
    const part = (event.clientX - plot.getBoundingClientRect().left - left) / (right - left);
    return part < 0 || part > 1 ? NOWHERE : Math.min(Math.floor(part * bins.count), last);
  };
  plot.addEventListener("pointermove", (event) => cursor.move(binAt(event)));
  plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && cursor.move(NOWHERE));
  plot.addEventListener("blur", () => cursor.move(NOWHERE));
  plot.addEventListener("click", (event) => {
    const at = binAt(event);
    // A finger that reads a bin is no wish to leave.
    if (at !== NOWHERE && (!(event instanceof PointerEvent) || event.pointerType !== "touch")) open?.(at);
    else cursor.move(at);
  });
  plot.addEventListener("keydown", (event) => {
    const step = BIN_KEYS[event.key];
    if (step) cursor.move(Math.min(Math.max(step(cursor.at === NOWHERE ? last + 1 : cursor.at, last), 0), last));
    else if (event.key === "Enter" && open && cursor.at !== NOWHERE) open(cursor.at);
    else if (event.key === "Escape" && cursor.at !== NOWHERE) cursor.move(NOWHERE);
    else return;
    event.preventDefault();
  });
}

/** @param {Options} options @param {number} width @param {number} height @returns {Frame} */
function frameOf({ bins, axis, kind, layers }, width, height) {
  const besides = kind === "line" && layers.length > 1 ? NAMES_RIGHT : RIGHT;
  const [right, bottom] = [Math.max(width - besides, LEFT + 1), height - BOTTOM];
  return {
    left: LEFT, top: TOP, right, bottom,
    x: (at) => LEFT + (at / bins.count) * (right - LEFT),
    y: (value) => bottom - ((value - axis.low) / (axis.high - axis.low)) * (bottom - TOP),
  };
}

/** @param {Options} options @param {Frame} frame */
function drawing({ bins, axis, layers, draw, guide, text, tick = text }, frame) {
  const grid = axis.ticks.map((value) => [
    svg("line", { class: value === axis.low ? "base" : "grid-line", x1: frame.left, x2: frame.right, y1: fixed(frame.y(value)), y2: fixed(frame.y(value)) }),
    svg("text", { x: frame.left - 6, y: fixed(frame.y(value)) + 4, "text-anchor": "end" }, tick(value)),
  ]);
  const times = timeTicks(bins, Math.max(1, (frame.right - frame.left) / TICK_WIDTH)).map(({ at, label }) =>
    svg("text", { x: Math.min(Math.max(fixed(frame.x(at)), frame.left + 14), frame.right - 16), y: frame.bottom + 15, "text-anchor": "middle" }, label));
  return [...grid.flat(), ...times, ...(guide ? guideLine(guide, frame) : []), ...draw(frame, layers)];
}

/** @param {{value: number, text: string}} guide @param {Frame} frame */
function guideLine({ value, text }, frame) {
  const y = fixed(frame.y(value));
  return [svg("line", { class: "guide", x1: frame.left, x2: frame.right, y1: y, y2: y }),
    svg("text", { class: "guide-name", x: frame.right, y: y + 13, "text-anchor": "end" }, text)];
}

/** @param {Frame} frame @param {number} at */
function cursorMark(frame, at) {
  const width = Math.max(frame.x(at + 1) - frame.x(at), 1);
  return svg("rect", { class: "cursor", x: fixed(frame.x(at)), width: fixed(width), y: frame.top, height: frame.bottom - frame.top });
}
