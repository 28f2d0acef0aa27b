/** The agents that send packets: rate, refusals, clock, last packet; each leads to its calls. */
import { based } from "../base.js";
import { exactly } from "../calls/filter.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { agoText, largest, listed, nodeLook, perSecond, skewText } from "../lists/node-words.js";
import { longTime } from "../times.js";
import { NODES } from "../words/home.js";

/** @typedef {import("../lists/nodes.js").HepNode} HepNode */

const MOST = 8;

/** @param {HepNode[]} nodes @param {(more: Record<string, string>) => string} callsHref @param {number} nowMs */
export function nodesCard(nodes, callsHref, nowMs) {
  const agents = nodes.filter(({ kind }) => kind === "node");
  return h("section", { class: "card span-2", "aria-label": NODES.label },
    h("header", {}, h("h2", {}, h("a", { href: based("/nodes") }, NODES.label)), h("span", { class: "quiet" }, NODES.note)),
    agents.length ? h("div", { class: "scroll" }, h("table", { class: "figures node-figures" },
      h("thead", {}, h("tr", {}, ...NODES.heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, ...agents.slice(0, MOST).map((node) => row(node, callsHref, nowMs))))) : h("p", { class: "quiet" }, NODES.nobody),
    agents.length > MOST && h("p", {}, h("a", { href: based("/nodes") }, NODES.more(agents.length - MOST))));
}

/** @param {HepNode} node @param {(more: Record<string, string>) => string} callsHref @param {number} nowMs */
function row(node, callsHref, nowMs) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: callsHref({ nodes: exactly(node.name) }), title: node.name }, glyph(nodeLook(node, nowMs)), ` ${node.name}`)),
    h("td", {}, node.packets_per_s === null ? NODES.none : perSecond(node.packets_per_s)),
    h("td", { title: listed(node.refusals) }, largest(node.refusals) || "0"),
    h("td", { title: NODES.clock }, skewText(node) || NODES.none),
    h("td", { title: longTime(node.last_seen) }, agoText(node.last_seen, nowMs)));
}
