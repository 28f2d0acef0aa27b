/** How nodes are told: rates, refusals, clocks, silence. */
import { micros } from "../times.js";
import { NODES } from "../words/home.js";

/** @typedef {import("./nodes.js").HepNode} HepNode */

/** A skew that a reader of a ladder would notice; below it are delays of a network. */
const NOTABLE_SKEW_MS = 100;
const DAY_MS = 86_400_000;

/** Reports come every ten seconds. */
const NOW_MS = 15_000;
/** A node that has been heard within this time sends. */
const SILENT_MS = 300_000;

/** @param {Record<string, number>} counts, the largest first */
const sorted = (counts) => Object.entries(counts).sort(([, one], [, other]) => other - one);

/** @param {Record<string, number>} counts */
export const listed = (counts) => sorted(counts).map(([name, count]) => `${name}: ${count.toLocaleString()}`).join("\n");

/** @param {Record<string, number>} counts @returns {string} the largest, and how many others there are */
export function largest(counts) {
  const [first, ...others] = sorted(counts);
  if (!first) return "";
  return `${first[0]} ${first[1].toLocaleString()}${others.length ? ` +${others.length}` : ""}`;
}

/** @param {number | null} rate */
export const perSecond = (rate) => (rate === null ? "" : rate > 0 && rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString());

/**
 * Return how the clock of a node differs; "" where it is as ours, or unknown. A capture time that
 * is behind may be the way's doing, and is only told of a node that sends now: what was replayed
 * from a file is behind by as much as it is old. @param {HepNode} node
 */
export function skewText({ clock_skew_ms: skew, packets_per_s: rate }) {
  const size = Math.abs(skew ?? 0);
  if (skew === null || size < NOTABLE_SKEW_MS || (skew < 0 && !rate)) return "";
  const text = size < 1000 ? `${Math.round(size)} ms` : size < DAY_MS ? `${(size / 1000).toFixed(1)} s` : `${(size / DAY_MS).toFixed(1)} days`;
  return skew > 0 ? NODES.ahead(text) : NODES.behind(text);
}

/** `now`, `41 min ago` @param {string} time @param {number} nowMs */
export function agoText(time, nowMs) {
  const ms = nowMs - micros(time) / 1000;
  if (ms < NOW_MS) return NODES.now;
  if (ms < 60_000) return NODES.ago(`${Math.round(ms / 1000)} s`);
  if (ms < 3_600_000) return NODES.ago(`${Math.round(ms / 60_000)} min`);
  return ms < DAY_MS ? NODES.ago(`${Math.round(ms / 3_600_000)} h`) : NODES.ago(`${Math.round(ms / DAY_MS)} d`);
}

/** Sending, refused in part, only refused, or silent. @param {HepNode} node @param {number} nowMs @returns {import("../glyphs.js").Outcome} */
export function nodeLook(node, nowMs) {
  const isSilent = nowMs - micros(node.last_seen) / 1000 > SILENT_MS;
  if (node.kind !== "node" || (!node.packet_count && !node.packets_per_s && Object.keys(node.refusals).length)) return "fault";
  if (isSilent) return "no-reply";
  return node.refused_per_s ? "poor" : "answered";
}
