/** The tabs of a call, as far as there is something behind them. */
import { h } from "../dom.js";
import { TAB_NAMES } from "../words/call.js";

/** @typedef {"ladder" | "media" | "logs"} Tab */

/** In this order, and by these keys. @type {readonly Tab[]} */
export const TABS = Object.freeze(["ladder", "media", "logs"]);

/**
 * Return the tabs; a count of null leaves a tab out, an empty one is not known yet.
 * @param {Tab} current @param {Record<Tab, string | null>} counts @param {(tab: Tab) => void} choose
 */
export function callTabs(current, counts, choose) {
  const links = TABS.filter((tab) => counts[tab] !== null).map((tab) => h("a", {
    href: `?tab=${tab}`, "aria-current": tab === current && "page",
    click: (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(tab);
    },
  }, TAB_NAMES[tab], counts[tab] && h("span", { class: "count" }, counts[tab])));
  return h("nav", { class: "tabs", "aria-label": TAB_NAMES.parts }, ...links);
}
