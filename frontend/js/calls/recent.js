/** The filters that the reader took last, kept in the browser, the latest first. */
import { keep, kept } from "../kept.js";
import { fieldNamed } from "./fields.js";
import { withFilter } from "./filter.js";

/** @typedef {import("./filter.js").Filter} Filter */

const KEY = "calls.recent";
const MOST = 5;

/** A pasted header of 60 KiB is nothing to keep. */
const LONGEST = 200;

/** What another version kept may hold anything. @returns {Filter[]} */
export function recentFilters() {
  const stored = kept(KEY, /** @type {unknown} */ ([]));
  return (Array.isArray(stored) ? stored : []).flatMap((one) => {
    const { field, value, not } = /** @type {Partial<Filter>} */ (Object(one));
    return typeof field === "string" && typeof value === "string" && fieldNamed(field)?.name === field ? [Object.freeze({ field, value, not: not === true })] : [];
  }).slice(0, MOST);
}

/** @param {readonly Filter[]} filters */
export function noteRecent(filters) {
  const short = filters.filter(({ value }) => value.length <= LONGEST);
  if (short.length) keep(KEY, short.reduce(withFilter, recentFilters().reverse()).reverse().slice(0, MOST));
}
