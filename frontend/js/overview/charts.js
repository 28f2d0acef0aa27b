/** The charts of the overview: all over the same bins, read by one cursor. */
import { stepText } from "../charts/bins.js";
import { chart } from "../charts/chart.js";
import { Cursor } from "../charts/cursor.js";
import { bars, lines } from "../charts/marks.js";
import { axisOf, percentLow, present } from "../charts/scale.js";
import { POOR_MOS, mosText, msText, percentText } from "../media/words.js";
import { hasMedia } from "./data.js";
import { delayText } from "./delays.js";

/** @typedef {import("../charts/bins.js").Bins} Bins */
/** @typedef {import("../charts/chart.js").Layer} Layer */
/** @typedef {import("./data.js").Overview} Overview */

/** From the base up, what is worst first. @type {[import("./data.js").StatusCourse["outcome"], string][]} */
const OUTCOMES = [["fault", "Server fault"], ["no-reply", "No reply"], ["rejected", "Rejected"], ["not-taken", "Not taken"], ["answered", "Answered"]];

const TALL = 250;
const MOS_RANGE = { low: 1, high: 4.7 };

/** @param {number} value */
const count = (value) => value.toLocaleString();

/** Return the charts by name. @param {Bins} bins @param {Overview} overview @param {(at: number) => void} open */
export function charts(bins, { course, statuses }, open) {
  const shared = { bins, cursor: new Cursor(), open, opens: "Click or Enter: the calls of this time" };
  const per = `per ${stepText(bins.stepMs)}`;
  const outcomes = OUTCOMES.map(([outcome, name]) => ({ name, look: outcome, values: sumOf(bins, statuses.filter((one) => one.outcome === outcome)) }));
  const registered = course.registrations.map((all, at) => (all ?? 0) - (course.registrations_failed[at] ?? 0));
  return {
    outcomes: chart({ ...shared, title: "Calls by outcome", note: per, layers: outcomes, kind: "bar", draw: bars, height: TALL,
      axis: axisOf(sumOf(bins, outcomes), { whole: true }), text: count }),
    ratios: chart({ ...shared, title: "SER and SEER", note: "% of INVITEs, RFC 6076", kind: "line", draw: lines(0.5),
      layers: [{ name: "SER", look: "first", values: course.ser }, { name: "SEER", look: "second", values: course.seer }],
      axis: axisOf([], { low: percentLow([...present(course.ser), ...present(course.seer)]), high: 100 }), text: (value) => `${value.toFixed(1)} %`, tick: (value) => `${value}` }),
    concurrent: chart({ ...shared, title: "Concurrent calls", note: "at the start of each step", kind: "line", draw: lines(0),
      layers: [{ name: "Calls", look: "first", values: course.concurrent_calls }], axis: axisOf(present(course.concurrent_calls), { whole: true }), text: count }),
    registrations: registrationsChart({ bins, cursor: shared.cursor }, per, registered, course.registrations_failed),
    delays: chart({ ...shared, title: "PDD and SRD", note: "mean", kind: "line", draw: lines(0.5),
      layers: [{ name: "PDD", look: "first", values: course.pdd_mean }, { name: "SRD", look: "second", values: course.srd_mean }],
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
    chart({ ...line, title: "MOS", note: "estimated, mean of reports", layers: [layer("MOS", "first", course.media_mos)],
      axis: axisOf([], MOS_RANGE), text: mosText, tick: String, guide: { value: POOR_MOS, text: "below 3.6 many users complain" } }),
    chart({ ...line, title: "Packet loss", note: "mean of reports", layers: [layer("Loss", "first", course.media_loss)],
      axis: axisOf(present(course.media_loss), {}), text: percentText, tick: (value) => `${value} %` }),
    chart({ ...line, title: "Jitter and round trip", note: "mean of reports", layers: [layer("Jitter", "first", course.media_jitter), layer("RTT", "second", course.media_round_trip)],
      axis: axisOf(times, {}), text: msText, tick: (value) => `${value} ms` }),
  ];
}

/** @param {Pick<import("../charts/chart.js").Options, "bins" | "cursor">} shared @param {string} note @param {number[]} good @param {import("../charts/scale.js").Numbers} failed */
function registrationsChart(shared, note, good, failed) {
  const layers = [{ name: "Failed", look: "rejected", values: failed }, { name: "Others", look: "answered", values: good }];
  return chart({ ...shared, title: "Registrations", note, kind: "bar", draw: bars, layers, axis: axisOf(sumOf(shared.bins, layers), { whole: true }), text: count });
}

/** Return what layers add up to in each bin. @param {Bins} bins @param {{values: import("../charts/scale.js").Numbers}[]} layers */
function sumOf(bins, layers) {
  return Array.from({ length: bins.count }, (_, at) => layers.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
}

