/** What can be taken out of the grid: its rows as CSV, and the ticked calls as one capture or text. */
import { callPath } from "../api.js";
import { h } from "../dom.js";
import { placeNear } from "../near.js";
import { zone } from "../times.js";
import { TAKEAWAY } from "../words/calls.js";
import { csvOf } from "./csv.js";

/** @typedef {import("../api.js").Call} Call */

/** As many calls as the API puts into one export or one ladder, the first included. */
export const MOST_TOGETHER = 21;

/**
 * Return the menu behind a button.
 * @param {() => {rows: readonly Call[], ticked: readonly Call[], columns: readonly import("./columns.js").CallColumn[]}} content
 */
export function takeawayMenu(content) {
  const panel = h("div", { class: "menu takeaway", popover: "auto", role: "dialog", "aria-label": TAKEAWAY.label });
  const button = h("button", { type: "button", class: "flat foot-button", "aria-haspopup": "dialog" }, TAKEAWAY.label);
  button.popoverTargetElement = panel;
  panel.addEventListener("beforetoggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") panel.replaceChildren(...entries(content(), () => panel.hidePopover()));
  });
  panel.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    placeNear(panel, button);
    panel.querySelector("a, button")?.setAttribute("autofocus", "");
    /** @type {HTMLElement | null} */ (panel.querySelector("a, button"))?.focus();
  });
  return h("span", {}, button, panel);
}

/** @param {ReturnType<Parameters<typeof takeawayMenu>[0]>} content @param {() => void} done */
function entries({ rows, ticked, columns }, done) {
  /** @param {string} label @param {readonly Call[]} calls */
  const csv = (label, calls) => h("button", { type: "button", click: () => { save(csvOf(calls, columns), TAKEAWAY.file); done(); } }, label);
  const together = ticked.slice(0, MOST_TOGETHER);
  return [
    ticked.length > 0 && csv(TAKEAWAY.csvTicked(ticked.length), ticked), csv(TAKEAWAY.csvRows(rows.length), rows),
    ...(["pcap", "text"].map((format) => together.length > 0 && h("a", { class: "button", href: exportAddress(together, format), download: "", click: done }, TAKEAWAY.exports(format, together.length)))),
    ticked.length > MOST_TOGETHER && h("p", { class: "quiet" }, TAKEAWAY.most(MOST_TOGETHER)),
  ].filter((entry) => entry !== false);
}

/** @param {readonly Call[]} calls @param {string} format */
function exportAddress([first, ...others], format) {
  const query = new URLSearchParams({ format, tz: zone() });
  for (const { call_id: callId } of others) query.append("with", callId);
  return `${callPath(first?.call_id ?? "")}/export?${query}`;
}

/** Let the browser save text as a file. @param {string} text @param {string} name */
function save(text, name) {
  const address = URL.createObjectURL(new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" }));
  h("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
