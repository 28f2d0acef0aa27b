/** What stands out in the range: calls to one target that failed alike far more than usual. */
import { clockText } from "../charts/bins.js";
import { now } from "../clock.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { addressOf, hostOf, outcomeOfStatus } from "../outcome.js";
import { dayAndClock, micros } from "../times.js";
import { CLUSTERS } from "../words/home.js";
import { phraseOf } from "../words/phrases.js";

/** @typedef {import("./data.js").Cluster} Cluster */

/** The largest is told at once; others wait behind a word. @param {Cluster[]} clusters @param {(more: Record<string, string>) => string} callsHref */
export function clusterStrip(clusters, callsHref) {
  const [first, ...others] = clusters.map((cluster) => sentence(cluster, callsHref));
  if (!first) return null;
  return h("section", { class: "clusters", "aria-label": CLUSTERS.label, title: CLUSTERS.rule }, first,
    others.length > 0 && h("details", {}, h("summary", {}, CLUSTERS.more(others.length)), ...others));
}

/** @param {Cluster} cluster @param {(more: Record<string, string>) => string} callsHref */
function sentence({ status, target, said_by: maker, count, start, end }, callsHref) {
  const final = status === null ? CLUSTERS.noFinal : CLUSTERS.with(`${status} ${phraseOf(status)}`.trim());
  // Calls to a hop that only passed it on went through it.
  const isBehind = maker !== null && addressOf(maker) !== addressOf(target);
  const how = isBehind ? CLUSTERS.saidBy(final, hostOf(maker)) : final;
  const [from, to] = [timeText(start, end), timeText(end, start)];
  const words = target ? (isBehind ? CLUSTERS.through : CLUSTERS.sentence)(count, hostOf(target), how, from, to) : CLUSTERS.anywhere(count, how, from, to);
  const found = { from: start, to: end, ...(target && { destination: addressOf(target) }), ...(status === null ? { outcome: "no_reply" } : { status: String(status) }) };
  return h("p", {}, glyph(outcomeOfStatus(status)), h("b", {}, words), h("a", { href: callsHref(found) }, CLUSTERS.show));
}

/** @param {string} time */
const day = (time) => dayAndClock(time).slice(0, 10);

/** A time, with its day where it is another one than now or the other end. @param {string} time @param {string} other */
function timeText(time, other) {
  const clock = clockText(micros(time) / 1000);
  const isToday = day(time) === day(new Date(now()).toISOString());
  return isToday && day(other) === day(time) ? clock : `${day(time)} ${clock}`;
}
