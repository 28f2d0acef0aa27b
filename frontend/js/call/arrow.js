/** One row of the ladder as elements: an arrow with its label, or a gap. */
import { h, svg } from "../dom.js";
import { clock } from "../times.js";
import { GAP, ROW } from "./layout.js";

/** @typedef {import("./layout.js").ArrowRow} ArrowRow */
/** @typedef {{middles: number[], width: number}} Columns */
/** @typedef {{names: Map<string, string>, absolute: boolean, count: number, selected: number}} Look */

const SHAFT_Y = ROW - 8;
const LABEL_Y = 12;
const LOOP = 26;

/** A guess that is never too small for the fonts of the page; only placement hangs on it. */
const CHARACTER_WIDTH = 9.6;
const LONGEST = 64;

/** Code or method, and a little more, stand in any case. */
const SHORTEST = 9;

/** Seconds with three decimals. @param {number} offsetUs */
export const offsetText = (offsetUs) => (offsetUs / 1_000_000).toFixed(3);

/** `2nd`, `3rd`, `11th` @param {number} n */
export function ordinal(n) {
  const suffix = n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** @param {ArrowRow} row @param {Columns} columns @param {Look} look */
export function arrowItem(row, columns, look) {
  const { arrow, number, copy } = row;
  const name = [number, arrow.label, `${look.names.get(arrow.from)} to ${look.names.get(arrow.to)}`,
    `${offsetText(row.offsetUs)} seconds`, copy > 1 && `sent again, ${ordinal(copy)} time`].filter(Boolean).join(", ");
  const link = h("a", { href: `?msg=${number}`, "aria-label": name, "data-number": number, tabindex: number === (look.selected || 1) ? 0 : -1,
    "aria-current": number === look.selected && "true" },
  h("span", { class: "gutter" }, h("span", { class: "number" }, number), look.absolute ? clock(arrow.time) : offsetText(row.offsetUs)),
  drawing(row, columns));
  const item = h("li", { "aria-posinset": number, "aria-setsize": look.count }, link);
  return placed(item, row.top, ROW);
}

/** @param {import("./layout.js").GapRow} row @param {Columns} columns */
export function gapItem(row, columns) {
  const breaks = columns.middles.flatMap((x) => [
    svg("path", { class: "break-back", d: `M${x} 8v6` }),
    svg("path", { class: "break", d: `M${x - 4} 10l8 -4m-8 10l8 -4` })]);
  const item = h("li", { class: "gap", role: "presentation" }, h("span", { class: "gap-line" }),
    h("span", { class: "gutter" }, `+${row.seconds.toFixed(1)} s`),
    svg("svg", { width: columns.width, height: GAP, "aria-hidden": "true" }, ...breaks));
  return placed(item, row.top, GAP);
}

/** @param {ArrowRow} row @param {Columns} columns */
function drawing(row, columns) {
  const from = columns.middles[row.from] ?? 0;
  const to = columns.middles[row.to] ?? 0;
  const classes = `k-${row.look}${row.copy > 1 ? " resent" : ""}`;
  const shapes = from === to ? loop(from, row) : straight(from, to, row);
  return svg("svg", { class: classes, width: columns.width, height: ROW, "aria-hidden": "true" },
    ...shapes, label(row, from, to, columns.width));
}

/** @param {number} from @param {number} to @param {ArrowRow} row */
function straight(from, to, row) {
  const way = Math.sign(to - from);
  const tip = to - way * 1.5;
  const neck = isRequest(row) ? tip - way * 8 : tip;
  return [
    svg("circle", { class: "tail", cx: from, cy: SHAFT_Y, r: 2.4 }),
    row.look === "end" && svg("path", { class: "open-head", d: `M${from + way * 5} ${SHAFT_Y - 4}v8` }),
    svg("path", { class: "shaft", d: `M${from} ${SHAFT_Y}H${neck}` }),
    head(tip, way, row),
  ];
}

/** @param {number} x @param {ArrowRow} row */
function loop(x, row) {
  return [
    svg("path", { class: "shaft", d: `M${x} ${SHAFT_Y - 8}h${LOOP}v8H${x + 9}` }),
    head(x + 1.5, -1, row),
  ];
}

/** A request has a filled head, a reply an open one. @param {number} tip @param {number} way @param {ArrowRow} row */
function head(tip, way, row) {
  const back = tip - way * 8.5;
  const [top, foot] = [SHAFT_Y - 4.2, SHAFT_Y + 4.2];
  return isRequest(row)
    ? svg("path", { class: "closed-head", d: `M${tip} ${SHAFT_Y}L${back} ${top}V${foot}z` })
    : svg("path", { class: "open-head", d: `M${back} ${top}L${tip} ${SHAFT_Y}L${back} ${foot}` });
}

/**
 * A label begins at its arrow's left end; its phrase is cut where the ladder ends. Only a loop on
 * the last column has to write to its left.
 * @param {ArrowRow} row @param {number} from @param {number} to @param {number} width
 */
function label({ arrow, copy }, from, to, width) {
  const mark = copy > 1 ? ` ↻ ${ordinal(copy)}` : "";
  const isLoop = from === to;
  const left = (isLoop ? from + LOOP : Math.min(from, to)) + 10;
  const room = Math.floor((width - left) / CHARACTER_WIDTH) - mark.length;
  const isTight = isLoop && room < arrow.label.length;
  const text = cut(arrow.label, isTight ? LONGEST : Math.min(Math.max(room, SHORTEST), LONGEST));
  return svg("text", { x: isTight ? from - 8 : left, y: LABEL_Y, "text-anchor": isTight ? "end" : "start" },
    text, mark && svg("tspan", { class: "mark" }, mark));
}

/** @param {string} text @param {number} length */
const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** @param {ArrowRow} row */
const isRequest = ({ arrow }) => arrow.kind === "request";

/** @template {HTMLElement} E @param {E} element @param {number} top @param {number} height @returns {E} */
function placed(element, top, height) {
  element.style.top = `${top}px`;
  element.style.height = `${height}px`;
  return element;
}
