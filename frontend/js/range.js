/** The choice of a time range: a usual one up to now, or two moments of the reader's wall clock. */
import { h } from "./dom.js";
import { forInput, fromInput, toUtc } from "./times.js";

/** @typedef {import("./address.js").Values} Values */

export const RANGES = Object.freeze({
  "-15m": "Last 15 minutes", "-1h": "Last hour", "-6h": "Last 6 hours", "-24h": "Last 24 hours",
  "-7d": "Last 7 days", "-30d": "Last 30 days",
});

const CUSTOM = "custom";
const USUAL = "-24h";

/**
 * Return the controls for `from` and `to`; `changed` is called once a usual range is chosen.
 * @param {Values} values @param {() => void} changed
 */
export function rangeControls(values, changed) {
  const isUsual = Object.hasOwn(RANGES, values["from"] ?? "") && !values["to"];
  const chosen = isUsual ? values["from"] : CUSTOM;
  const moments = momentInputs(values);
  moments.hidden = isUsual;
  const options = Object.entries({ ...RANGES, [CUSTOM]: "From … to …" });
  const range = h("select", { name: "range", "aria-label": "Time range" },
    ...options.map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
  range.addEventListener("change", () => {
    moments.hidden = range.value !== CUSTOM;
    if (moments.hidden) changed();
  });
  return [range, moments];
}

/** Return `from` and `to` as the controls stand. @param {FormData} data */
export function readRange(data) {
  const range = String(data.get("range") ?? "");
  if (range !== CUSTOM) return { from: range, to: "" };
  /** @param {string} name */
  const moment = (name) => fromInput(String(data.get(name) ?? ""));
  return { from: moment("from") || USUAL, to: moment("to") };
}

/** @param {Values} values */
function momentInputs(values) {
  const now = Date.now();
  /** @param {string} name @param {string} label @param {string} moment */
  const input = (name, label, moment) => h("label", {}, label,
    h("input", { type: "datetime-local", step: 1, name, value: moment && forInput(toUtc(moment, now)) }));
  return h("div", { class: "moments" }, input("from", "from", values["from"] ?? ""), input("to", "to", values["to"] ?? ""));
}
