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
import { addressOf } from "../outcome.js";
import { binsOf, courseOf } from "./course.js";
import { streamList } from "./streams.js";
import { PICKS, POOR_MOS, contextsOf, isEstimated, mosText, msText, percentText } from "./words.js";

/** @typedef {import("../api.js").MediaStream} MediaStream */
/** @typedef {import("../api.js").CallMedia} CallMedia */
/** @typedef {import("./streams.js").Line} Line */

/** How lines differ; so many are drawn at once. */
const LOOKS = ["first", "other", "third", "fourth"];

const HEIGHT = 150;
const MOS_RANGE = { low: 1, high: 4.7 };

/** @type {Record<string, string>} */
const JOINED = { report: "the Call-ID in the report", correlation: "the correlation id of the packet", address: "the address in the SDP" };

/** @type {Record<string, string>} */
const CODECS = { said: "said by the report", sdp: "from the SDP", assumed: "assumed G.711" };

/**
 * Return the view; `chosen` is the number of the stream that is drawn alone, 0 for none.
 * @param {CallMedia} media @param {import("../api.js").Flow} flow @param {number} chosen @param {(number: number) => void} choose
 */
export function mediaView(media, flow, chosen, choose) {
  const { streams } = media;
  const bins = binsOf(streams);
  const drawn = drawnOf(streams, chosen);
  const all = streams.map((stream, index) => {
    const look = LOOKS[drawn.indexOf(index + 1)] ?? "";
    return { number: index + 1, stream, look, path: `${endText(flow, stream.source)} → ${endText(flow, stream.destination)}` };
  });
  const shown = all.filter(({ look }) => look);
  return h("div", { class: "media" },
    h("div", { class: "media-charts" }, ...chartsOf(shown, bins)),
    h("aside", { class: "media-side", "aria-label": "Streams" },
      h("h2", {}, "Streams", h("span", { class: "quiet" }, " mean / worst")),
      ...notes(media, shown.length, chosen), streamList(all, bins, chosen, choose),
      h("h2", {}, "How it was measured"), measured(shown.map(({ stream }) => stream))));
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
  const step = `worst of each ${stepText(bins.stepMs)}`;
  /** @param {string} title @param {string} note @param {keyof PICKS} name @param {import("../charts/scale.js").Wish} wish @param {(value: number) => string} text @param {{tick?: (value: number) => string, guide?: {value: number, text: string}}} [more] */
  const one = (title, note, name, wish, text, more = {}) => {
    const worst = name === "mos" ? Math.min : Math.max;
    const layers = shown.map(({ number, stream, look }) => ({ name: String(number), look, values: courseOf(stream, bins, PICKS[name](stream), worst) }))
      .filter(({ values }) => values.some((value) => value !== null));
    const numbers = layers.flatMap(({ values }) => present(values));
    if (!layers.length) return null;
    return chart({ title, note, bins, cursor, layers, kind: "line", draw: lines(0.5), height: HEIGHT, text, axis: axisOf(numbers, wish), ...more });
  };
  const said = shown.filter(({ stream }) => !isEstimated(stream)).length;
  const origin = said === 0 ? "estimated, ITU-T G.107" : said === shown.length ? "as the source says" : "estimated, else as the source says";
  return [
    one("MOS", `${origin}, ${step}`, "mos", MOS_RANGE, mosText, { tick: String, guide: { value: POOR_MOS, text: "below 3.6 many users complain" } }),
    one("Packet loss", `per report, ${step}`, "loss", {}, percentText, { tick: (value) => `${value} %` }),
    one("Jitter", `RFC 3550, ${step}`, "jitter", {}, msText, { tick: (value) => `${value} ms` }),
    one("Round trip", step, "roundTrip", {}, msText, { tick: (value) => `${value} ms` }),
  ].filter((card) => card !== null);
}

/** @param {CallMedia} media @param {number} shown @param {number} chosen */
function notes({ streams, is_thinned: isThinned, streams_left_out: leftOut }, shown, chosen) {
  const words = [
    !chosen && streams.length > shown && "Not all are drawn; choose one to see it alone.",
    chosen > streams.length && `There is no stream ${chosen}.`,
    isThinned && "There are more than 5,000 reports: of adjacent ones the worst is drawn.",
    leftOut > 0 && `${leftOut} more streams, with fewer reports, are left out.`,
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
    ...fact("Reports", streams.map(({ kind }) => kind)),
    ...fact("Seen by", streams.map(({ node }) => node)),
    ...fact("Found by", streams.map(({ joined_by: how }) => how && JOINED[how])),
    ...fact("Codec", streams.map(({ codec_from: from }) => from && CODECS[from])),
    ...fact("MOS", streams.map((stream) => (isEstimated(stream) ? `estimated, ${contextsOf(stream)}` : stream.summary.mos_said.worst !== null && "as the source says") || "not known")),
    ...fact("Round trip", streams.flatMap(({ points }) => points.map(({ round_trip_said: said }) => (said === null ? null : said ? "as the source says" : "between capture point and reporter")))));
}

/** The end of a stream, by the name of its host where it has one. @param {import("../api.js").Flow} flow @param {import("../api.js").Endpoint | null} end */
function endText(flow, end) {
  const host = flow.hosts.find(({ address, label }) => address === end?.ip && !label.startsWith(address));
  return host ? `${host.label}${end?.port ? `:${end.port}` : ""}` : addressOf(end) || "not said";
}
