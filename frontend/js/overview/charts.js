/** The charts of the overview: all over the same bins, read by one cursor. */
import { OUTCOMES } from "../calls/fields.js";
import { stepText } from "../charts/bins.js";
import { chart } from "../charts/chart.js";
import { Cursor, NOWHERE } from "../charts/cursor.js";
import { bars, lines } from "../charts/marks.js";
import { axisOf, percentLow, present, sumsOf } from "../charts/scale.js";
import { POOR_MOS, mosText, msText, percentText } from "../media/words.js";
import { OUTCOME_NAMES } from "../words/calls.js";
import { OVERVIEW } from "../words/home.js";
import { CHART_WORDS as WORDS } from "../words/overview.js";
import { hasMedia } from "./data.js";
import { delayText } from "./delays.js";

/** @typedef {import("../charts/bins.js").Bins} Bins */
/** @typedef {import("../charts/chart.js").Layer} Layer */
/** @typedef {import("./data.js").Overview} Overview */

/** These stand in the key even where none occurred. */
const SHOWN = new Set(["fault", "no_reply", "rejected", "not_taken", "answered"]);

const TALL = 250;
const MOS_RANGE = { low: 1, high: 4.7 };

/** @param {number} value */
const count = (value) => value.toLocaleString();

/**
 * Return the charts by name.
 * @param {Bins} bins @param {Overview} overview @param {(at: number) => void} open
 * @param {(more: Record<string, string>, at?: number) => string} callsHref
 */
export function charts(bins, { course, outcomes: counted, is_sampled: isSampled }, open, callsHref) {
  const shared = { bins, cursor: new Cursor(), open, opens: WORDS.opens };
  const per = WORDS.per(stepText(bins.stepMs));
  const outcomes = OUTCOMES.flatMap((outcome) => counted.filter((one) => one.outcome === outcome && (one.count || SHOWN.has(outcome)))).map(({ outcome, look, counts }) => ({
    name: OUTCOME_NAMES[outcome] ?? outcome, look, values: counts,
    href: (/** @type {number} */ at) => callsHref({ outcome }, at === NOWHERE ? undefined : at) }));
  const registered = course.registrations.map((all, at) => (all ?? 0) - (course.registrations_failed[at] ?? 0));
  return {
    outcomes: chart({ ...shared, title: OVERVIEW.perOutcome, note: isSampled ? `${per}, ${OVERVIEW.sampled}` : per, layers: outcomes, kind: "bar", draw: bars, height: TALL, span: "span-4",
      axis: axisOf(sumsOf(bins.count, outcomes), { whole: true }), text: count }),
    ratios: chart({ ...shared, span: "span-2", title: WORDS.ratios, note: WORDS.ratiosNote, kind: "line", draw: lines(0.5),
      layers: [{ name: WORDS.ser, look: "first", values: course.ser }, { name: WORDS.seer, look: "second", values: course.seer }],
      axis: axisOf([], { low: percentLow([...present(course.ser), ...present(course.seer)]), high: 100 }), text: (value) => `${value.toFixed(1)} %`, tick: (value) => `${value}` }),
    concurrent: chart({ ...shared, span: "span-3", title: WORDS.concurrent, note: WORDS.concurrentNote, kind: "line", draw: lines(0),
      layers: [{ name: WORDS.calls, look: "first", values: course.concurrent_calls }], axis: axisOf(present(course.concurrent_calls), { whole: true }), text: count }),
    registrations: registrationsChart({ bins, cursor: shared.cursor }, per, registered, course.registrations_failed),
    delays: chart({ ...shared, span: "span-3", title: WORDS.delays, note: WORDS.mean, kind: "line", draw: lines(0.5),
      layers: [{ name: WORDS.pdd, look: "first", values: course.pdd_mean }, { name: WORDS.srd, look: "second", values: course.srd_mean }],
      axis: axisOf([...present(course.pdd_mean), ...present(course.srd_mean)], {}), text: delayText, tick: (value) => (value < 1000 && value ? `${value} ms` : `${value / 1000} s`) }),
    media: hasMedia(course) ? mediaCharts(shared, course) : [],
  };
}

/** @param {Pick<import("../charts/chart.js").Options, "bins" | "cursor">} shared @param {Overview["course"]} course */
function mediaCharts(shared, course) {
  /** @param {string} name @param {string} look @param {import("../charts/scale.js").Numbers} values @returns {Layer} */
  const layer = (name, look, values) => ({ name, look, values });
  const line = { ...shared, kind: /** @type {const} */ ("line"), draw: lines(0.5) };
  const times = [...present(course.media_jitter), ...present(course.media_round_trip)];
  return [
    chart({ ...line, span: "span-2", title: WORDS.mos, note: WORDS.mosNote, layers: [layer(WORDS.mos, "first", course.media_mos)],
      axis: axisOf([], MOS_RANGE), text: mosText, tick: String, guide: { value: POOR_MOS, text: WORDS.poor } }),
    chart({ ...line, span: "span-2", title: WORDS.loss, note: WORDS.reports, layers: [layer(WORDS.lossLine, "first", course.media_loss)],
      axis: axisOf(present(course.media_loss), {}), text: percentText, tick: (value) => `${value} %` }),
    chart({ ...line, span: "span-2", title: WORDS.times, note: WORDS.reports, layers: [layer(WORDS.jitter, "first", course.media_jitter), layer(WORDS.roundTrip, "second", course.media_round_trip)],
      axis: axisOf(times, {}), text: msText, tick: (value) => `${value} ms` }),
  ];
}

/** @param {Pick<import("../charts/chart.js").Options, "bins" | "cursor">} shared @param {string} note @param {number[]} good @param {import("../charts/scale.js").Numbers} failed */
function registrationsChart(shared, note, good, failed) {
  const layers = [{ name: WORDS.failed, look: "rejected", values: failed }, { name: WORDS.others, look: "answered", values: good }];
  return chart({ ...shared, span: "span-2", title: WORDS.registrations, note, kind: "bar", draw: bars, layers, axis: axisOf(sumsOf(shared.bins.count, layers), { whole: true }), text: count });
}
