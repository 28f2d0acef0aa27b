/** The rows of a ladder as items of a list. */
import { h, svg } from "../dom.js";
import { CALL } from "../words/call.js";
import { arrowClass, arrowShapes } from "./arrow.js";
import { measureText } from "./measure.js";
import { bandTexts, reportText } from "./bands.js";
import { bandShapes, copyShapes, gapShapes, reportShapes } from "./others.js";
import { arrowName, copyText, foldText, offsetText, secondsText, timeText } from "./words.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {{columns: Columns, parties: import("./hosts.js").Party[], time: import("./choices.js").TimeMode, count: number, selected: number, marked: number, hrefOf: (number: number) => string}} Sight */

/** @param {Row} row @param {Sight} sight */
export function rowItem(row, sight) {
  const item = makeItem(row, sight);
  item.style.top = `${row.top}px`;
  item.style.height = `${row.height}px`;
  return item;
}

/** @param {Row} row @param {Sight} sight */
function makeItem(row, sight) {
  const { columns } = sight;
  switch (row.kind) {
    case "arrow": return arrowItem(row, sight);
    case "gap": return h("li", { class: "gap", "aria-hidden": "true" }, h("span", { class: "gutter" }, CALL.silence(row.seconds)), drawing("rung", row, columns, gapShapes(columns)));
    case "band": return h("li", { class: "media-band", "aria-label": `${bandTexts(row.band)[0]}, ${offsetText(row.offsetUs)} seconds` },
      h("span", { class: "gutter" }, h("span", { class: "time" }, secondsText(row.offsetUs, columns.narrow))), drawing("rung", row, columns, bandShapes(row, columns, measureText)));
    case "report": return h("li", { class: "media-band", "aria-label": `${reportText(row.report.point)}, ${offsetText(row.offsetUs)} seconds` },
      h("span", { class: "gutter" }, h("span", { class: "time" }, secondsText(row.offsetUs, columns.narrow))), drawing("rung", row, columns, reportShapes(row, columns, measureText)));
    case "fold": return foldItem(row, columns.narrow);
    case "copy": return h("li", { class: "sight-row" }, h("button", { type: "button", "data-copy": row.copy.message_id, "data-number": row.number, "aria-label": copyText(row) },
      h("span", { class: "gutter" }), drawing("rung", row, columns, copyShapes(row, columns, copyText(row), measureText))));
  }
}

/** @param {import("./rows.js").ArrowRow} row @param {Sight} sight */
function arrowItem(row, { columns, parties, time, count, selected, marked, hrefOf }) {
  const { number, arrow } = row;
  const name = [arrowName(row, parties, columns.legs), number === marked && CALL.marked].filter(Boolean).join(", ");
  const link = h("a", { href: hrefOf(number), "aria-label": name, "data-number": number, tabindex: -1, "aria-current": number === selected && "true", class: number === marked && "marked" },
    h("span", { class: columns.legs ? `gutter leg-${arrow.leg.toLowerCase()}` : "gutter", "aria-hidden": "true" },
      h("span", { class: "number" }, number), columns.legs && h("span", { class: `leg leg-${arrow.leg.toLowerCase()}` }, arrow.leg),
      h("span", { class: "time" }, timeText(row, time, columns.narrow))),
    drawing(arrowClass(row), row, columns, arrowShapes(row, columns, measureText)));
  return h("li", { "aria-posinset": number, "aria-setsize": count }, link);
}

/** @param {import("./rows.js").FoldRow} row @param {boolean} narrow */
function foldItem(row, narrow) {
  const text = foldText(row);
  return h("li", { class: "fold" }, h("span", { class: "gutter" }, h("span", { class: "time" }, secondsText(row.offsetUs, narrow))),
    h("button", { type: "button", "data-fold": row.first, "aria-expanded": String(row.isOpen), "aria-label": CALL.foldName(text, row.first, row.last) },
      h("span", { class: "fold-text" }, `${row.isOpen ? "⌄" : "›"} ↻ ${text}`), h("span", { class: "fold-range" }, `#${row.first}–${row.last} `, h("span", { class: "fold-do" }, row.isOpen ? CALL.hide : CALL.show))));
}

/** @param {string} look @param {Row} row @param {Columns} columns @param {SVGElement[]} shapes */
const drawing = (look, row, columns, shapes) => svg("svg", { class: look, width: columns.width, height: row.height, "aria-hidden": "true" }, ...shapes);
