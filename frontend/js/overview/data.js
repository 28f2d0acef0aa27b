/** What the overview asks the API: the KPIs of the range, and their course in its bins. */
import { API, get } from "../api.js";
import { outcomeOfStatus } from "../outcome.js";
import { rangeQuery } from "./query.js";

/** @typedef {import("../charts/bins.js").Bins} Bins */
/** @typedef {import("../charts/scale.js").Numbers} Numbers */
/** @typedef {{value: number | null, numerator: number, denominator: number}} Ratio value in percent */
/** @typedef {{count: number, mean_ms: number | null, p50_ms: number | null, p95_ms: number | null}} Delay */
/** @typedef {"ser"|"seer"|"asr"|"ner"|"scr"|"isa"|"ira"|"abr"} RatioName */
/** @typedef {"pdd"|"srd_successful"|"srd_failed"|"sdd_successful"|"rrd"|"acd"} DelayName */
/** @typedef {Record<RatioName, Ratio> & Record<DelayName, Delay>} Kpis */
/** @typedef {Kpis & {key: string}} KeyedKpis */
/** @typedef {"ser"|"seer"|"asr"|"ner"|"scr"|"isa"|"ira"|"registrations"|"registrations_failed"|"concurrent_calls"|"pdd_mean"|"srd_mean"|"srd_failed_mean"|"sdd_mean"|"rrd_mean"|"acd_mean"|"media_mos"|"media_loss"|"media_jitter"|"media_round_trip"} Metric */
/** @typedef {Readonly<{status: number | null, outcome: ReturnType<typeof outcomeOfStatus>, values: number[], count: number}>} StatusCourse */
/** @typedef {{kpis: Kpis, course: Record<Metric, Numbers>, statuses: StatusCourse[]}} Overview */

/** @type {Metric[]} */
const METRICS = ["ser", "seer", "asr", "ner", "scr", "isa", "ira", "registrations", "registrations_failed", "concurrent_calls",
  "pdd_mean", "srd_mean", "srd_failed_mean", "sdd_mean", "rrd_mean", "acd_mean",
  "media_mos", "media_loss", "media_jitter", "media_round_trip"];

/** @param {Bins} bins @param {string} node @param {AbortSignal} signal @returns {Promise<Overview>} */
export async function loadOverview(bins, node, signal) {
  /** @param {Record<string, string>} more */
  const series = (more) => {
    const query = rangeQuery(bins, node);
    for (const [name, value] of Object.entries({ step: String(bins.stepMs / 1000), ...more })) query.set(name, value);
    return get(`${API}/stats/series`, query, signal);
  };
  const [kpis, split, ...courses] = await Promise.all([
    get(`${API}/stats/kpi`, rangeQuery(bins, node), signal),
    series({ metric: "attempts", by: "status" }),
    ...METRICS.map((metric) => series({ metric })),
  ]);
  return {
    kpis,
    course: /** @type {Record<Metric, Numbers>} */ (Object.fromEntries(courses.map(({ metric, points }) => [metric, valuesOf(points)]))),
    statuses: split.items.map(statusCourse),
  };
}

/** Whether anything at all was counted. @param {Overview} overview */
export function hasAny({ kpis, course }) {
  const counted = kpis.asr.denominator || kpis.ira.denominator || kpis.acd.count;
  return counted > 0 || hasMedia(course);
}

/** @param {Overview["course"]} course */
export const hasMedia = (course) => [course.media_loss, course.media_jitter, course.media_mos, course.media_round_trip].some((values) => values.some((value) => value !== null));

/** @param {{value: number | null}[]} points */
const valuesOf = (points) => points.map(({ value }) => value);

/** @param {{key: string, points: {value: number | null}[]}} item @returns {StatusCourse} */
function statusCourse({ key, points }) {
  const status = key === "none" ? null : Number(key);
  const values = points.map(({ value }) => value ?? 0);
  return { status, outcome: outcomeOfStatus(status), values, count: values.reduce((sum, value) => sum + value, 0) };
}
