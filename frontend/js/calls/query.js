/** What a search for calls is: its parameters in the URL, its filters, and the question to the API. */
import { each, joined } from "../address.js";
import { isMoment, toUtc } from "../times.js";
import { FIELDS } from "./fields.js";
import { fromParameter, toParameter } from "./filter.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("./filter.js").Filter} Filter */

/** The method that stands for all of them. */
const ANY = "any";

/** Who searches for calls means INVITE; OPTIONS are most of what a platform sends. */
const USUAL_METHOD = "INVITE";

/** @type {Record<string, (text: string) => boolean>} */
const CHECKS = Object.fromEntries(FIELDS.filter(({ kind }) => kind === "enum").map(({ name, values }) => [name, (/** @type {string} */ text) => values.includes(text.replace(/^!/, "")) || text === "!*"]));

/** @type {Record<string, import("../address.js").Parameter>} */
export const PARAMETERS = Object.freeze({
  q: { fallback: "" },
  from: { fallback: "-24h", check: isMoment },
  to: { fallback: "", check: isMoment },
  ...Object.fromEntries(FIELDS.map(({ name }) => {
    const check = CHECKS[name];
    return [name, { fallback: name === "method" ? USUAL_METHOD : "", many: true, ...(check && { check }) }];
  })),
  order: { fallback: "-time", check: (text) => text === "time" || text === "-time" },
  sel: { fallback: "" },
});

/** Return the filters of a search. @param {Values} values @returns {Filter[]} */
export function filtersOf(values) {
  return FIELDS.flatMap(({ name }) => each(values[name]).filter((text) => name !== "method" || text !== ANY).map((text) => fromParameter(name, text)));
}

/** Whether nothing but the usual method narrows a search. @param {Values} values */
export const isPlain = (values) => !values["q"] && FIELDS.every(({ name }) => (values[name] ?? "") === PARAMETERS[name]?.fallback);

/** Return a search with other filters. @param {Values} values @param {readonly Filter[]} filters @returns {Values} */
export function withFilters(values, filters) {
  const texts = FIELDS.map(({ name }) => [name, joined(filters.filter(({ field }) => field === name).map(toParameter))]);
  const changed = Object.fromEntries(texts);
  return Object.freeze({ ...values, ...changed, method: changed["method"] || ANY, sel: "" });
}

/** The free words of a search. @param {Values} values */
export const wordsOf = (values) => (values["q"] ?? "").split(/\s+/).filter(Boolean);

/** Return a search with other words. @param {Values} values @param {readonly string[]} words @returns {Values} */
export const withWords = (values, words) => Object.freeze({ ...values, q: [...new Set(words)].join(" "), sel: "" });

/**
 * Return the parameters of a question to the API: range, words and filters, without those of a
 * field that is asked about. Relative times become fixed ones.
 * @param {Values} values @param {number} nowMs @param {string} [without]
 */
export function conditions(values, nowMs, without) {
  const query = new URLSearchParams({ start: toUtc(values["from"] ?? "", nowMs) });
  if (values["to"]) query.set("end", toUtc(values["to"], nowMs));
  if (values["q"]) query.set("q", values["q"]);
  for (const filter of filtersOf(values)) if (filter.field !== without) query.append(filter.field, toParameter(filter));
  return query;
}

/** Return the parameters of `GET calls`. @param {Values} values @param {number} nowMs */
export function apiQuery(values, nowMs) {
  const query = conditions(values, nowMs);
  if (values["order"] && values["order"] !== "-time") query.set("order", values["order"]);
  return query;
}
