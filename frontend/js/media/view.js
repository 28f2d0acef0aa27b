/**
 * The media of a call: MOS, loss, jitter and round trip of its streams on one axis, the streams
 * with their figures, and how all this was measured.
 */
import { stepText } from "../charts/bins.js";
import { chart } from "../charts/chart.js";
import { Cursor } from "../charts/cursor.js";
import { lines } from "../charts/marks.js";
import { axisOf, present } from "../charts/scale.js";
import { h } from "../dom.js";
import { hostOf } from "../outcome.js";
import { binsOf, courseOf } from "./course.js";
import { streamNames } from "./hearers.js";
import { streamList } from "./streams.js";
import { PICKS, POOR_MOS, contextsOf, isEstimated, mosText, msText, percentText } from "./words.js";
import { CODECS, JOINED, MEDIA, REPORT_KINDS } from "../words/media.js";

/** @typedef {import("../api.js").MediaStream} MediaStream */
/** @typedef {import("../api.js").CallMedia} CallMedia */
/** @typedef {import("./streams.js").Line} Line */

/** How lines differ; so many are drawn at once. */
const LOOKS = ["first", "other", "third", "fourth"];

const HEIGHT = 150;
const MOS_RANGE = { low: 1, high: 4.7 };

/**
 * Return the view; `chosen` is the number of the stream that is drawn alone, 0 for none.
 * @param {CallMedia} media @param {import("../ladder/flow.js").Flow} flow @param {number} chosen @param {(number: number) => void} choose
 */
export function mediaView(media, flow, chosen, choose) {
  const { streams } = media;
  const bins = binsOf(streams);
  const drawn = drawnOf(streams, chosen);
  const names = streamNames(streams, flow);
  const all = streams.map((stream, index) => {
    const look = LOOKS[drawn.indexOf(index + 1)] ?? "";
    return { number: index + 1, name: names[index] ?? "", stream, look, path: `${endText(flow, stream.source)} → ${endText(flow, stream.destination)}` };
  });
  const shown = all.filter(({ look }) => look);
  return h("div", { class: "media" },
    h("div", { class: "media-charts" }, ...chartsOf(shown, bins)),
    h("aside", { class: "media-side", "aria-label": MEDIA.streams },
      h("h2", {}, MEDIA.streams, h("span", { class: "quiet" }, MEDIA.meanWorst)),
      ...notes(media, shown.length, chosen), streamList(all, bins, chosen, choose),
      h("h2", {}, MEDIA.how), measured(shown.map(({ stream }) => stream))));
}

/**
 * Return the numbers of the streams to draw. A single report, as that at the end of a call, is no
 * course: it is drawn only where there is nothing else.
 * @param {MediaStream[]} streams @param {number} chosen
 */
function drawnOf(streams, chosen) {
  if (chosen) return [chosen];
  const numbers = streams.map((_, index) => index + 1);
  const courses = numbers.filter((number) => (streams[number - 1]?.points.length ?? 0) > 1);
  return (courses.length ? courses : numbers).slice(0, LOOKS.length);
}

/** @param {Line[]} shown @param {import("../charts/bins.js").Bins} bins */
function chartsOf(shown, bins) {
  const cursor = new Cursor();
  const step = MEDIA.worstOf(stepText(bins.stepMs));
  /** @param {string} title @param {string} note @param {keyof PICKS} name @param {import("../charts/scale.js").Wish} wish @param {(value: number) => string} text @param {{tick?: (value: number) => string, guide?: {value: number, text: string}}} [more] */
  const one = (title, note, name, wish, text, more = {}) => {
    const worst = name === "mos" ? Math.min : Math.max;
    const layers = shown.map(({ name: line, stream, look }) => ({ name: line, look, values: courseOf(stream, bins, PICKS[name](stream), worst) }))
      .filter(({ values }) => values.some((value) => value !== null));
    const numbers = layers.flatMap(({ values }) => present(values));
    if (!layers.length) return null;
    return chart({ title, note, bins, cursor, layers, kind: "line", draw: lines(0.5), height: HEIGHT, text, axis: axisOf(numbers, wish), ...more });
  };
  const said = shown.filter(({ stream }) => !isEstimated(stream)).length;
  const origin = said === 0 ? MEDIA.estimated : said === shown.length ? MEDIA.bySource : MEDIA.mixed;
  return [
    one(MEDIA.mos, `${origin}, ${step}`, "mos", MOS_RANGE, mosText, { tick: String, guide: { value: POOR_MOS, text: MEDIA.poor } }),
    one(MEDIA.loss, MEDIA.perReport(step), "loss", {}, percentText, { tick: (value) => `${value} %` }),
    one(MEDIA.jitter, MEDIA.jitterNote(step), "jitter", {}, msText, { tick: (value) => `${value} ms` }),
    one(MEDIA.roundTrip, step, "roundTrip", {}, msText, { tick: (value) => `${value} ms` }),
  ].filter((card) => card !== null);
}

/** @param {CallMedia} media @param {number} shown @param {number} chosen */
function notes({ streams, is_thinned: isThinned, streams_left_out: leftOut }, shown, chosen) {
  const words = [
    !chosen && streams.length > shown && MEDIA.notAll,
    chosen > streams.length && MEDIA.noStream(chosen),
    isThinned && MEDIA.thinned,
    leftOut > 0 && MEDIA.leftOut(leftOut),
  ];
  return words.filter((one) => one).map((one) => h("p", { class: "quiet" }, one));
}

/** @param {MediaStream[]} streams */
function measured(streams) {
  /** @param {string} name @param {(string | null | undefined)[]} words */
  const fact = (name, words) => {
    const found = [...new Set(words.filter(Boolean))];
    return found.length ? [h("dt", {}, name), h("dd", {}, found.join(", "))] : [];
  };
  return h("dl", { class: "measured" },
    ...fact(MEDIA.reports, streams.map(({ kind }) => REPORT_KINDS[kind] ?? kind)),
    ...fact(MEDIA.seenBy, streams.map(({ node }) => node)),
    ...fact(MEDIA.foundBy, streams.map(({ joined_by: how }) => how && JOINED[how])),
    ...fact(MEDIA.codec, streams.map(({ codec_from: from }) => from && CODECS[from])),
    ...fact(MEDIA.mos, streams.map((stream) => (isEstimated(stream) ? MEDIA.estimatedAs(contextsOf(stream)) : stream.summary.mos_said.worst !== null && MEDIA.bySource) || MEDIA.notKnown)),
    ...fact(MEDIA.roundTrip, streams.flatMap(({ points }) => points.map(({ round_trip_said: said }) => (said === null ? null : said ? MEDIA.bySource : MEDIA.betweenPoints)))));
}

/** The end of a stream, by the name of its host where it has one. @param {import("../ladder/flow.js").Flow} flow @param {import("../api.js").Endpoint | null} end */
function endText(flow, end) {
  const host = flow.hosts.find(({ address, is_named: isNamed }) => address === end?.ip && isNamed);
  return host ? `${host.label}${end?.port ? `:${end.port}` : ""}` : hostOf(end) || MEDIA.notSaid;
}
