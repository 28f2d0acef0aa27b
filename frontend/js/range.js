/**
 * The choice of a time range: a button that opens the panel, steps back and forward by its width,
 * and twice as long. Two hidden fields hold it for the form that it stands in.
 */
import { now } from "./clock.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { placeNear } from "./near.js";
import { RANGES as USUAL, rangePanel } from "./range/panel.js";
import { rangeWords, shifted, wider } from "./range/span.js";
import { toUtc } from "./times.js";
import { RANGE_WORDS as WORDS } from "./words/range.js";

/** @typedef {import("./address.js").Values} Values */
/** @typedef {import("./range/span.js").Range} Range */

const FALLBACK = "-24h";

/** Taken where they fit, beside the usual ones: an hour of calls is not thought to be three a minute later. */
const BETWEEN = "-90m";

/** The usual ranges and their words. @type {Readonly<Record<string, string>>} */
export const RANGES = Object.freeze(Object.fromEntries(USUAL.map((from) => [from, rangeWords({ from, to: "" }, 0)])));

/**
 * Return where a range begins that holds what is there and little else: the shortest that reaches
 * back to the oldest of the last day, so that an hour of calls is no sliver of 24.
 * @param {number} oldestMs since the epoch @param {number} nowMs
 */
export function fittingRange(oldestMs, nowMs) {
  const hour = USUAL.indexOf("-1h") + 1;
  const holds = [...USUAL.slice(0, hour), BETWEEN, ...USUAL.slice(hour, USUAL.indexOf(FALLBACK))].find((from) => Date.parse(toUtc(from, nowMs)) <= oldestMs);
  return holds ?? FALLBACK;
}

/** Return the words of the range that `from` and `to` are. @param {Values} values */
export const rangeText = (values) => rangeWords({ from: values["from"] ?? "", to: values["to"] ?? "" }, now());

/**
 * Return the control for `from` and `to`; `changed` is called once a range is chosen.
 * @param {Values} values @param {() => void} changed
 */
export function rangeControls(values, changed) {
  const range = { from: values["from"] || FALLBACK, to: values["to"] ?? "" };
  const from = h("input", { type: "hidden", name: "from", value: range.from });
  const to = h("input", { type: "hidden", name: "to", value: range.to });
  const words = h("span", {}, rangeText(range));
  const popover = h("div", { class: "panel", popover: "auto", role: "dialog", "aria-label": WORDS.label });
  const button = h("button", { type: "button", name: "range", class: "range-button", "aria-haspopup": "dialog" }, icon("clock"), words, icon("down"));
  button.popoverTargetElement = popover;
  /** @param {Range} chosen */
  const choose = (chosen) => {
    if (popover.matches(":popover-open")) popover.hidePopover();
    [from.value, to.value] = [chosen.from, chosen.to];
    Object.assign(range, chosen);
    words.textContent = rangeText(range);
    changed();
  };
  popover.addEventListener("toggle", (event) => {
    if (!(event instanceof ToggleEvent) || event.newState !== "open") return popover.replaceChildren();
    const panel = rangePanel(range, choose);
    popover.replaceChildren(panel.element);
    placeNear(popover, button);
    return panel.focus();
  });
  /** @param {string} name @param {string} label @param {() => Range} next */
  const step = (name, label, next) => h("button", { type: "button", class: "flat", "aria-label": label, title: label, click: () => choose(next()) }, icon(name));
  return [h("div", { class: "range", role: "group", "aria-label": WORDS.label }, from, to,
    step("back", WORDS.earlier, () => shifted(range, -1, now())), button,
    step("forward", WORDS.later, () => shifted(range, 1, now())), step("wider", WORDS.wider, () => wider(range, now())), popover)];
}

/** Return `from` and `to` as the control stands. @param {FormData} data */
export const readRange = (data) => ({ from: String(data.get("from") ?? "") || FALLBACK, to: String(data.get("to") ?? "") });

/** Open the panel of the screen's range, if it has one. */
export function openRange() {
  const button = document.querySelector("main [name=range]");
  if (button instanceof HTMLButtonElement && button.checkVisibility()) button.click();
}
