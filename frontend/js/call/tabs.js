/** The tabs of a call, as far as there is something behind them. */
import { h } from "../dom.js";

/** @typedef {"ladder" | "media"} Tab */

/** @param {Tab} current @param {Record<Tab, number>} counts @param {(tab: Tab) => void} choose */
export function callTabs(current, counts, choose) {
  /** @param {Tab} tab @param {string} label */
  const link = (tab, label) => h("a", {
    href: `?tab=${tab}`, "aria-current": tab === current && "page",
    click: (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(tab);
    },
  }, label, h("span", { class: "count" }, counts[tab].toLocaleString()));
  return h("nav", { class: "tabs", "aria-label": "Parts of the call" }, link("ladder", "Ladder"), link("media", "Media"));
}
