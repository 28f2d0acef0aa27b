/** Who is refused, why, and what to set. */
import { h } from "../dom.js";
import { FIRST_START } from "../words/home.js";
import { hopOf } from "./hops.js";

/** @typedef {import("./hops.js").Hops} Hops */

/** A list of forged names is no help. */
const MOST = 12;

/** Those of whom everything is refused. @param {Hops} hops */
export const refusedOf = ({ nodes }) => nodes.filter((node) => ["broken", "warning"].includes(hopOf(node.hops, "admission")?.state ?? ""));

/** @param {Hops} hops */
export function refusedTable(hops) {
  return h("table", { class: "hop-table" },
    h("thead", {}, h("tr", {}, ...FIRST_START.heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...refusedOf(hops).slice(0, MOST).map(({ kind, name, hops: own }) => {
      const hop = hopOf(own, "admission");
      return h("tr", {}, h("th", { scope: "row" }, h("span", { class: "quiet" }, `${FIRST_START.from[kind]} `), name), h("td", {}, hop?.detail), h("td", {}, hop?.do));
    })));
}
