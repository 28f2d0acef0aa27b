/** The nodes that have sent anything, the one last heard first, and addresses that were only refused. */
import { based } from "../base.js";
import { writeAddress } from "../address.js";
import { exactly } from "../calls/filter.js";
import { PARAMETERS as CALLS } from "../calls/query.js";
import { now } from "../clock.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { HOP_LOOKS, hopOf, hopStrip, hopsLook, hopsSentence, loadHops } from "../home/hops.js";
import { EVER, dayAndClock, longTime } from "../times.js";
import { NODE_LIST } from "../words/lists.js";
import { agoText, largest, listed, nodeLook, perSecond, skewText } from "./node-words.js";
import { listScreen } from "./screen.js";

/**
 * @typedef {{kind: "node" | "address" | "other", name: string, node_id: number | null, first_seen: string,
 *   last_seen: string, hep_version: number | null, hep_versions: number[], packet_count: number, packets_per_s: number | null,
 *   refused_per_s: number | null, refusals: Record<string, number>, clock_skew_ms: number | null,
 *   quirks: Record<string, number>}} HepNode
 */

/** The hops of each, by kind and name, as of the last look. @type {Map<string, import("../home/hops.js").Hop[]>} */
let walks = new Map();

/** @param {{kind: string, name: string}} node */
const keyOf = ({ kind, name }) => `${kind} ${name}`;

/** @param {HepNode} node */
const versions = ({ hep_version: newest, hep_versions: all }) => (all.length ? all.join(", ") : newest);

const USUAL = new Set(["name", "last", "rate", "refused", "refused_rate", "packets", "hep", "clock", "way"]);

const { heads, kinds, label, empty } = NODE_LIST;

export const nodesScreen = listScreen(/** @type {Parameters<typeof listScreen<HepNode>>[0]} */ ({
  path: "nodes", label, // Nodes that went quiet long ago are what somebody looks for here.
  query: () => new URLSearchParams({ start: EVER }),
  above: async (_values, signal) => {
    const hops = await loadHops(signal);
    walks = new Map(hops.nodes.map((node) => [keyOf(node), node.hops]));
    const quiet = hops.nodes.filter((node) => node.kind === "node" && isQuiet(node.hops)).length;
    return [hopStrip(hops.items), ...(quiet ? [h("p", { class: "note", role: "status" }, NODE_LIST.quietNote(quiet))] : [])];
  },
  keyOf, mark: NODE_LIST.mark, usual: USUAL, narrow: ["name", "last", "refused", "rate"],
  hrefOf: ({ kind, name, packet_count: stored }) => (kind === "node" && stored ? based(`/calls${writeAddress(CALLS, { nodes: exactly(name) })}`) : ""),
  markOf: (node) => [glyph(nodeLook(node, now()))],
  columns: () => {
    const nowMs = now();
    return [
      { name: "name", label: heads.name, least: 140, grow: 2, look: "line-1", cells: (node) => [node.name], title: (node) => node.name },
      { name: "kind", label: heads.kind, least: 90, cells: (node) => [kinds[node.kind]] },
      { name: "id", label: heads.id, least: 54, look: "number", cells: (node) => [node.node_id] },
      { name: "last", label: heads.last, least: 96, look: "line-1-end", cells: (node) => [agoText(node.last_seen, nowMs)], title: (node) => longTime(node.last_seen) },
      { name: "first", label: heads.first, least: 150, look: "time", cells: (node) => [dayAndClock(node.first_seen)], title: (node) => longTime(node.first_seen) },
      { name: "rate", label: heads.rate, least: 70, look: "number line-2-end", cells: (node) => [perSecond(node.packets_per_s)] },
      { name: "refused", label: heads.refused, least: 150, look: "line-2", cells: (node) => [largest(node.refusals)], title: (node) => listed(node.refusals) },
      { name: "refused_rate", label: heads.refusedRate, least: 96, look: "number", cells: (node) => [node.refused_per_s ? perSecond(node.refused_per_s) : ""] },
      { name: "packets", label: heads.packets, least: 92, look: "number", cells: (node) => [node.packet_count.toLocaleString()] },
      { name: "hep", label: heads.hep, least: 54, look: "number", cells: (node) => [versions(node)] },
      { name: "clock", label: heads.clock, least: 132, look: "number", cells: (node) => [skewText(node)], title: (node) => (node.clock_skew_ms === null ? "" : NODE_LIST.skew(node.clock_skew_ms)) },
      { name: "quirks", label: heads.quirks, least: 130, cells: (node) => [largest(node.quirks)], title: (node) => listed(node.quirks) },
      { name: "way", label: heads.way, least: 150, grow: 2, cells: (node) => wayOf(node), title: (node) => (walks.get(keyOf(node)) ?? []).map(({ detail, do: todo }) => [detail, todo].filter(Boolean).join(". ")).join("\n") },
    ];
  },
  empty,
}));

/** The worst of a node's hops. @param {HepNode} node */
function wayOf(node) {
  const hops = walks.get(keyOf(node));
  if (!hops) return [glyph(HOP_LOOKS.unknown)];
  return [glyph(hopsLook(hops)), ` ${isQuiet(hops) ? NODE_LIST.quiet : hopsSentence(hops)}`];
}

/**
 * Whether all that is not known of a node's own hops is what becomes of its packets, as none came
 * since ingest began. The hops that all nodes share are told above. @param {import("../home/hops.js").Hop[]} hops
 */
function isQuiet(hops) {
  const isFaulty = hops.some(({ state }) => state === "broken" || state === "warning");
  return !isFaulty && hopOf(hops, "admission")?.state === "unknown" && hopOf(hops, "newest")?.state !== "unknown";
}
