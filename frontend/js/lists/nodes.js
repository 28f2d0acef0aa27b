/** The nodes that have sent anything, the one last heard first. */
import { dayAndClock, longTime } from "../times.js";
import { listScreen } from "./screen.js";

/** @typedef {{name: string, node_id: number | null, first_seen: string, last_seen: string, hep_version: number | null, packet_count: number}} HepNode */

/** Nodes that went quiet long ago are what somebody looks for here. */
const EVER = "1970-01-01T00:00:00Z";

export const nodesScreen = listScreen(/** @type {Parameters<typeof listScreen<HepNode>>[0]} */ ({
  path: "nodes", label: "Nodes", query: { start: EVER },
  columns: () => [
    { name: "Node", cells: (node) => [node.name] },
    { name: "Id", look: "number", cells: (node) => [node.node_id] },
    { name: "Last packet", look: "started", cells: (node) => [dayAndClock(node.last_seen)], title: (node) => longTime(node.last_seen) },
    { name: "First packet", look: "started minor", cells: (node) => [dayAndClock(node.first_seen)], title: (node) => longTime(node.first_seen) },
    { name: "HEP", look: "number", cells: (node) => [node.hep_version] },
    { name: "Packets", look: "number", cells: (node) => [node.packet_count.toLocaleString()] },
  ],
  empty: { title: "No node has sent anything yet", text: ["Point an agent at the HEP port; the screen of calls shows the lines to paste."] },
}));
