/** The nodes that have sent anything, the one last heard first, and addresses that were only refused. */
import { dayAndClock, longTime } from "../times.js";
import { listScreen } from "./screen.js";

/**
 * @typedef {{kind: "node" | "address" | "other", name: string, node_id: number | null, first_seen: string,
 *   last_seen: string, hep_version: number | null, packet_count: number, packets_per_s: number | null,
 *   refused_per_s: number | null, refusals: Record<string, number>, clock_skew_ms: number | null,
 *   quirks: Record<string, number>}} HepNode
 */

/** Nodes that went quiet long ago are what somebody looks for here. */
const EVER = "1970-01-01T00:00:00Z";

/** A skew that a reader of a ladder would notice. */
const NOTABLE_SKEW_MS = 100;

/** @type {Record<HepNode["kind"], string>} */
const KINDS = { node: "node", address: "refused only", other: "all others" };

/** @param {Record<string, number>} counts, the largest first */
const sorted = (counts) => Object.entries(counts).sort(([, one], [, other]) => other - one);

/** @param {Record<string, number>} counts */
const listed = (counts) => sorted(counts).map(([name, count]) => `${name}: ${count.toLocaleString()}`).join("\n");

/** @param {Record<string, number>} counts @returns {string} the largest, and how many others there are */
export function largest(counts) {
  const [first, ...others] = sorted(counts);
  if (!first) return "";
  return `${first[0]} ${first[1].toLocaleString()}${others.length ? ` +${others.length}` : ""}`;
}

/** @param {number | null} rate */
const perSecond = (rate) => (rate === null ? "" : rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString());

const DAY_MS = 86_400_000;

/** @param {number | null} skew */
function skewText(skew) {
  const size = Math.abs(skew ?? 0);
  if (skew === null || size < NOTABLE_SKEW_MS) return "";
  const text = size < DAY_MS ? `${(size / 1000).toFixed(1)} s` : `${(size / DAY_MS).toFixed(1)} days`;
  return `${skew > 0 ? "+" : "−"}${text}`;
}

export const nodesScreen = listScreen(/** @type {Parameters<typeof listScreen<HepNode>>[0]} */ ({
  path: "nodes", label: "Nodes", query: { start: EVER },
  columns: () => [
    { name: "Node", cells: (node) => [node.name] },
    { name: "Kind", look: "minor", cells: (node) => [KINDS[node.kind]] },
    { name: "Id", look: "number", cells: (node) => [node.node_id] },
    { name: "Last packet", look: "started", cells: (node) => [dayAndClock(node.last_seen)], title: (node) => longTime(node.last_seen) },
    { name: "First packet", look: "started minor", cells: (node) => [dayAndClock(node.first_seen)], title: (node) => longTime(node.first_seen) },
    { name: "HEP", look: "number", cells: (node) => [node.hep_version] },
    { name: "Packets", look: "number", cells: (node) => [node.packet_count.toLocaleString()] },
    { name: "Rate / s", look: "number", cells: (node) => [perSecond(node.packets_per_s)] },
    { name: "Refused", look: "number", cells: (node) => [largest(node.refusals)], title: (node) => listed(node.refusals) },
    { name: "Refused / s", look: "number minor", cells: (node) => [node.refused_per_s ? perSecond(node.refused_per_s) : ""] },
    { name: "Clock", look: "number minor", cells: (node) => [skewText(node.clock_skew_ms)], title: (node) => (node.clock_skew_ms === null ? "" : `${Math.round(node.clock_skew_ms)} ms, delay included`) },
    { name: "Deviations", look: "minor", cells: (node) => [largest(node.quirks)], title: (node) => listed(node.quirks) },
  ],
  empty: { title: "No node has sent anything yet", text: ["Point an agent at the HEP port; the screen of calls shows the lines to paste."] },
}));
