/** What the overview is of: its parameters in the URL, the range cut into bins, and its calls. */
import { writeAddress } from "../address.js";
import { based } from "../base.js";
import { timeOf } from "../charts/bins.js";
import { exactly } from "../calls/filter.js";
import { PARAMETERS as CALLS } from "../calls/query.js";
import { isMoment, toUtc } from "../times.js";
import { GROUP_WORDS } from "../words/overview.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("../charts/bins.js").Bins} Bins */

/** What the table at the foot tells apart, as the API names it. */
export const GROUPS = GROUP_WORDS.names;

/** @type {Record<string, import("../address.js").Parameter>} */
export const PARAMETERS = Object.freeze({
  // Without one, the usual range that fits what is stored.
  from: { fallback: "", check: isMoment },
  to: { fallback: "", check: isMoment },
  node: { fallback: "" },
  by: { fallback: "node", check: (text) => Object.hasOwn(GROUPS, text) },
});

/** @param {Values} values */
export const overviewAddress = (values) => based(`/overview${writeAddress(PARAMETERS, values)}`);

/** The range where nothing else is asked for. */
export const USUAL = "-24h";

const MOST_BINS = 120;
const DAY_S = 86_400;
/** The widest step that the API takes; what began before so many of them is not asked for. */
const MOST_STEP_S = 366 * DAY_S;
const STEPS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY_S];

/**
 * Return the range in whole steps: it begins and ends a little further out than was asked for, so
 * that bars, figures and the calls that they link to are of the same time.
 * @param {Values} values @param {number} nowMs @returns {Bins}
 */
export function binsOf(values, nowMs) {
  const toMs = values["to"] ? Date.parse(toUtc(values["to"], nowMs)) : nowMs;
  const fromMs = Math.max(Date.parse(toUtc(values["from"] ?? "", nowMs)), toMs - (MOST_BINS - 1) * MOST_STEP_S * 1000);
  const spanS = (toMs - fromMs) / 1000;
  const stepS = STEPS_S.find((step) => spanS / step <= MOST_BINS - 1) ?? Math.ceil(spanS / (MOST_BINS - 1) / DAY_S) * DAY_S;
  const stepMs = stepS * 1000;
  const startMs = Math.floor(fromMs / stepMs) * stepMs;
  return Object.freeze({ startMs, stepMs, count: Math.ceil((toMs - startMs) / stepMs) });
}

/** @param {number} ms */
const utc = (ms) => new Date(ms).toISOString();

/** Return the part of a question to the API that range and node are. @param {Bins} bins @param {string} node */
export function rangeQuery(bins, node) {
  const query = new URLSearchParams({ start: utc(bins.startMs), end: utc(timeOf(bins, bins.count)) });
  if (node) query.set("node", node);
  return query;
}

/**
 * Return the address of the calls that began within the range or one bin of it.
 * @param {Bins} bins @param {string} node @param {Record<string, string>} [more] parameters of the search @param {number} [at]
 */
export function callsAddress(bins, node, more = {}, at) {
  const [first, end] = at === undefined ? [0, bins.count] : [at, at + 1];
  return based(`/calls${writeAddress(CALLS, { from: utc(timeOf(bins, first)), to: utc(timeOf(bins, end)), ...(node && { nodes: exactly(node) }), ...more })}`);
}
