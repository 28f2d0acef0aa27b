/** The streams of a call: a row each with its figures, mean and worst, and its course. */
import { spark } from "../charts/marks.js";
import { NOTHING } from "../charts/readout.js";
import { h, svg } from "../dom.js";
import { courseOf } from "./course.js";
import { PICKS, POOR_MOS, codecText, contextsOf, isEstimated, mosText, msText, reportsText, shareText, ssrcText } from "./words.js";
import { MEDIA } from "../words/media.js";

/** @typedef {import("../api.js").MediaStream} MediaStream */
/** @typedef {import("../charts/bins.js").Bins} Bins */
/** @typedef {{number: number, name: string, stream: MediaStream, look: string, path: string}} Line a stream as the charts draw it; look "" where they do not */

/** Spans that fill the height of a small line at least. */
const LEAST_MOS = 1;
const LEAST_MS = 20;

/**
 * Return the list; `chosen` is the number of the stream that is drawn alone, 0 for none.
 * @param {Line[]} lines @param {Bins} bins @param {number} chosen @param {(number: number) => void} choose
 */
export function streamList(lines, bins, chosen, choose) {
  return h("ol", { class: "streams", "aria-label": MEDIA.streams }, ...lines.map((line) => h("li", {}, streamRow(line, bins, chosen, choose))));
}

/** @param {Line} line @param {Bins} bins @param {number} chosen @param {(number: number) => void} choose */
function streamRow({ number, name, stream, look, path }, bins, chosen, choose) {
  const isChosen = number === chosen;
  const summary = stream.summary.reports > 1 ? stream.summary : withoutMeans(stream.summary);
  const click = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(isChosen ? 0 : number);
  };
  return h("a", { class: "stream", href: `?tab=media${isChosen ? "" : `&stream=${number}`}`, "aria-current": isChosen && "true",
    title: isChosen ? MEDIA.drawAll : MEDIA.drawOne, click },
  h("span", { class: "stream-path" }, lineSwatch(look), h("b", {}, MEDIA.hears(name)), h("span", { class: "quiet" }, ` ${path}`)),
  h("span", { class: "stream-words code" }, [ssrcText(stream.ssrc), codecText(stream)].filter(Boolean).join(" · ")),
  h("span", { class: "stream-words" }, [reportsText(stream), stream.reporter].filter(Boolean).join(" · ")),
  h("span", { class: "stream-figures" },
    ...(isEstimated(stream) || summary.mos_said.worst === null ? [mosFigure(MEDIA.mos, MEDIA.estimatedAs(contextsOf(stream)), summary.mos)] : []),
    ...(summary.mos_said.worst === null ? [] : [mosFigure(MEDIA.mosSaid, MEDIA.bySource, summary.mos_said)]),
    figure(MEDIA.lossShort, stream.loss_window === "cumulative" ? MEDIA.sinceBegin : MEDIA.inInterval, shareText(summary.loss.mean), shareText(summary.loss.worst)),
    figure(MEDIA.jitter, MEDIA.interarrival, msText(summary.jitter_ms.mean), msText(summary.jitter_ms.worst)),
    figure(MEDIA.roundTrip, "", msText(summary.round_trip_ms.mean), msText(summary.round_trip_ms.worst))),
  stream.points.length > 1 && course(stream, bins));
}

/** The mean of one report is that report. @param {MediaStream["summary"]} summary @returns {MediaStream["summary"]} */
function withoutMeans({ reports, ...ranges }) {
  const worst = Object.entries(ranges).map(([name, range]) => [name, { mean: null, worst: range?.worst ?? null }]);
  return { reports, .../** @type {Omit<MediaStream["summary"], "reports">} */ (Object.fromEntries(worst)) };
}

/** @param {string} name @param {string} means @param {{mean: number | null, worst: number | null}} range */
function mosFigure(name, means, { mean, worst }) {
  const isPoor = worst !== null && worst < POOR_MOS;
  return figure(name, worst === null ? MEDIA.noEstimate : means, mosText(mean), `${mosText(worst)}${isPoor ? " ↓" : ""}`, isPoor);
}

/** @param {string} name @param {string} means @param {string} mean @param {string} worst @param {boolean} [isPoor] */
function figure(name, means, mean, worst, isPoor = false) {
  const text = mean === NOTHING ? [h("b", { class: isPoor && "poor" }, worst)] : [`${mean} / `, h("b", { class: isPoor && "poor" }, worst)];
  return h("span", { class: "stream-figure", title: means }, h("span", { class: "quiet" }, name), h("span", {}, ...text));
}

/** The course of the MOS; of jitter where there is none. @param {MediaStream} stream @param {Bins} bins */
function course(stream, bins) {
  const mos = courseOf(stream, bins, PICKS.mos(stream), Math.min);
  if (mos.some((value) => value !== null)) return spark(mos, LEAST_MOS);
  return spark(courseOf(stream, bins, PICKS.jitter(stream), Math.max), LEAST_MS);
}

/** @param {string} look */
function lineSwatch(look) {
  return svg("svg", { class: "swatch", width: 22, height: 11, "aria-hidden": "true" }, look && svg("path", { class: `line ${look}`, d: "M0 5.5h22" }));
}
