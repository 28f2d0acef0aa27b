/** The panel of the time range: the usual ones, and From and To to type or to pick by calendar. */
import { now } from "../clock.js";
import { h } from "../dom.js";
import { dayAndClock, forInput, isMoment, longTime, micros, offsetName, toUtc, zoneName, zonedIso } from "../times.js";
import { RANGE_WORDS as WORDS } from "../words/range.js";
import { rangeWords } from "./span.js";
import { readTyped } from "./typed.js";

/** @typedef {import("./span.js").Range} Range */
/** @typedef {import("./typed.js").Typed} Typed */

export const RANGES = Object.freeze(["-15m", "-1h", "-3h", "-6h", "-24h", "-7d", "-30d"]);

/** @type {Readonly<Record<string, number>>} */
const STEPS = Object.freeze({ ArrowDown: 1, ArrowUp: -1 });

let count = 0;

/** Return the panel for a range; `chosen` is called with another one. @param {Range} range @param {(range: Range) => void} chosen */
export function rangePanel(range, chosen) {
  const usual = RANGES.map((from) => h("button", { type: "button", class: "flat", "aria-pressed": String(range.from === from && !range.to),
    click: () => chosen({ from, to: "" }) }, rangeWords({ from, to: "" }, 0)));
  const list = h("div", { class: "range-usual", role: "group", "aria-label": WORDS.usual, keydown: (/** @type {KeyboardEvent} */ event) => stepFocus(event, usual) }, ...usual);
  const from = new MomentField(WORDS.from, WORDS.fromExample, range.from);
  const to = new MomentField(WORDS.to, WORDS.toExample, range.to);
  const apply = () => {
    const [begin, end] = [from.read(), to.read()];
    if (!begin || !end) return (begin ? to : from).focus();
    if (!begin.moment) return from.refuse(WORDS.needsBegin);
    const nowMs = now();
    if (end.moment && micros(toUtc(end.moment, nowMs)) <= micros(toUtc(begin.moment, nowMs))) return to.refuse(WORDS.turned);
    return chosen({ from: begin.moment, to: end.moment });
  };
  const typed = h("div", { class: "range-typed", keydown: (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.target instanceof HTMLButtonElement) return;
    event.preventDefault();
    apply();
  } }, from.element, to.element, h("p", { class: "quiet" }, WORDS.help(zoneName())),
  h("div", { class: "actions" }, h("button", { type: "button", class: "primary", click: apply }, WORDS.show)));
  return { element: h("div", { class: "range-panel" }, list, typed), focus: () => (usual.find((one) => one.ariaPressed === "true") ?? from.input).focus() };
}

/** A moment to type, or to pick; below it stands how it is understood. */
class MomentField {
  /** @param {string} name @param {string} example @param {string} moment */
  constructor(name, example, moment) {
    count += 1;
    this.name = name;
    this.said = h("p", { id: `moment-${count}`, class: "moment-said", role: "status" });
    this.input = h("input", { value: textOf(moment), placeholder: example, autocomplete: "off", spellcheck: "false", "aria-describedby": this.said.id, "aria-label": name, input: () => this.#said() });
    this.calendar = h("input", { type: "datetime-local", step: 1, "aria-label": WORDS.calendar(name), input: () => this.#picked() });
    this.element = h("div", { class: "moment" }, h("span", { "aria-hidden": "true" }, name), this.input, this.calendar, this.said);
    this.#said();
  }

  focus() {
    this.input.focus();
  }

  /** @returns {Typed | null} */
  read() {
    const text = this.input.value.trim() || (this.name === WORDS.to ? "now" : "");
    const typed = text ? readTyped(text, now()) : null;
    if (!typed) this.refuse(text ? WORDS.notUnderstood : WORDS.needsBegin);
    return typed;
  }

  /** @param {string} words */
  refuse(words) {
    this.said.textContent = words;
    this.said.classList.add("wrong");
    this.input.setAttribute("aria-invalid", "true");
    this.focus();
  }

  #picked() {
    if (!this.calendar.value) return;
    this.input.value = this.calendar.value.replace("T", " ");
    this.#said();
  }

  #said() {
    const nowMs = now();
    const text = this.input.value.trim();
    const typed = text ? readTyped(text, nowMs) : null;
    this.said.classList.toggle("wrong", Boolean(text && !typed));
    this.input.removeAttribute("aria-invalid");
    this.said.textContent = text && !typed ? WORDS.notUnderstood : typed ? understood(typed, nowMs) : "";
    if (typed?.moment) this.calendar.value = forInput(toUtc(typed.moment, nowMs));
  }
}

/** How a moment is understood. @param {Typed} typed @param {number} nowMs */
function understood({ moment, kind, laterMs }, nowMs) {
  const time = toUtc(moment || "-0m", nowMs);
  const ms = Date.parse(time);
  if (kind === "gap") return WORDS.gap(`${shortClock(time)} ${offsetName(ms)}`);
  if (kind === "overlap") return WORDS.overlap(offsetName(ms), zonedIso(laterMs).replace(".000", ""));
  return `${longTime(time).replace(/\.\d+$/, "")} ${offsetName(ms)}`;
}

/** @param {string} time */
const shortClock = (time) => dayAndClock(time).slice(11, 16);

/** A moment of a URL as somebody would type it. @param {string} moment */
function textOf(moment) {
  if (!moment || moment.startsWith("-") || !isMoment(moment)) return moment;
  const text = dayAndClock(moment).replace(/\.000$/, "");
  // The second of two like times has to be written with its offset.
  return Date.parse(toUtc(readTyped(text, 0)?.moment ?? "", 0)) === Date.parse(moment) ? text : moment;
}

/** @param {KeyboardEvent} event @param {HTMLElement[]} stops */
function stepFocus(event, stops) {
  const at = stops.findIndex((one) => one === document.activeElement);
  const step = STEPS[event.key];
  if (!step || at < 0) return;
  event.preventDefault();
  stops[(at + step + stops.length) % stops.length]?.focus();
}
