/** What the overview asks the API: everything of a range in one answer. */
import { API, get } from "../api.js";
import { lookOf, outcomeOfStatus } from "../outcome.js";
import { rangeQuery } from "./query.js";

/** @typedef {import("../charts/bins.js").Bins} Bins */
/** @typedef {import("../charts/scale.js").Numbers} Numbers */
/** @typedef {{value: number | null, numerator: number, denominator: number}} Ratio value in percent */
/** @typedef {{count: number, mean_ms: number | null, p50_ms: number | null, p95_ms: number | null}} Delay */
/** @typedef {"ser"|"seer"|"asr"|"ner"|"scr"|"isa"|"ira"|"abr"} RatioName */
/** @typedef {"pdd"|"srd_successful"|"srd_failed"|"sdd_successful"|"rrd"|"acd"} DelayName */
/** @typedef {Record<RatioName, Ratio> & Record<DelayName, Delay>} Kpis */
/** @typedef {Kpis & {key: string}} KeyedKpis */
/** @typedef {"attempts"|"ser"|"seer"|"asr"|"ner"|"scr"|"isa"|"ira"|"registrations"|"registrations_failed"|"concurrent_calls"|"pdd_mean"|"srd_mean"|"srd_failed_mean"|"sdd_mean"|"rrd_mean"|"acd_mean"|"media_mos"|"media_loss"|"media_jitter"|"media_round_trip"} Metric */
/** @typedef {{mos: number | null, loss: number | null, jitter_ms: number | null, round_trip_ms: number | null}} Media */
/** @typedef {{start: string, end: string, attempts: number, registrations: number, ratios: Record<RatioName, Ratio>, pdd_p95_ms: number | null, media: Media}} Before */
/** @typedef {Readonly<{status: number | null, outcome: ReturnType<typeof outcomeOfStatus>, counts: number[], count: number}>} StatusCourse status NaN: others */
/** @typedef {Readonly<{outcome: string, look: import("../glyphs.js").Outcome, counts: number[], count: number}>} OutcomeCourse */
/** @typedef {{status: number | null, target: import("../api.js").Endpoint | null, said_by: import("../api.js").Endpoint | null, start: string, end: string, count: number}} Cluster */
/**
 * @typedef {object} Overview
 * @property {Kpis} kpis
 * @property {Media} media
 * @property {Before} before
 * @property {Record<Metric, Numbers>} course
 * @property {StatusCourse[]} statuses
 * @property {OutcomeCourse[]} outcomes
 * @property {boolean} is_sampled
 * @property {boolean} is_measuring whether calls of the range wait to be counted
 * @property {string | null} kept_since
 * @property {Cluster[]} clusters
 * @property {number | null} registered
 * @property {import("../lists/nodes.js").HepNode[]} nodes
 */

/** @param {Bins} bins @param {string} node @param {AbortSignal} signal @returns {Promise<Overview>} */
export async function loadOverview(bins, node, signal) {
  const query = rangeQuery(bins, node);
  query.set("step", String(bins.stepMs / 1000));
  const found = await get(`${API}/stats/overview`, query, signal);
  return {
    ...found,
    statuses: found.statuses.map(statusCourse),
    outcomes: found.outcomes.map((/** @type {{outcome: string}} */ one) => ({ ...one, look: lookOf(one.outcome) })),
  };
}

/** Whether anything at all was counted. @param {Overview} overview */
export function hasAny({ kpis, course }) {
  const counted = kpis.asr.denominator || kpis.ira.denominator || kpis.acd.count;
  return counted > 0 || hasMedia(course);
}

/** The first bin of which anything is stored, the number of bins where none is. @param {Bins} bins @param {Overview} overview */
export function firstBin(bins, { outcomes, course }) {
  const has = (/** @type {number} */ at) => outcomes.some(({ counts }) => counts[at]) || Boolean(course.registrations[at]) || (course.media_loss[at] ?? null) !== null;
  const found = Array.from({ length: bins.count }, (_, at) => at).find(has);
  return found ?? bins.count;
}

/** @param {Overview["course"]} course */
export const hasMedia = (course) => [course.media_loss, course.media_jitter, course.media_mos, course.media_round_trip].some((values) => values.some((value) => value !== null));

/** @param {{key: string, count: number, counts: number[]}} item @returns {StatusCourse} */
function statusCourse({ key, count, counts }) {
  const status = key === "none" ? null : Number(key);
  return { status, outcome: outcomeOfStatus(status), counts, count };
}
