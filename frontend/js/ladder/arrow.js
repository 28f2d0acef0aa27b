/** An arrow with its label as shapes; the page and the pictures that are taken along draw it alike. */
import { svg } from "../dom.js";
import { isRequest } from "./flow.js";
import { fontOf, lookOf } from "./looks.js";
import { marksOf } from "./marks.js";
import { placeLabel } from "./place.js";
import { plain } from "./plain.js";
import { ROW } from "./rows.js";

/** @typedef {import("./rows.js").ArrowRow} ArrowRow */
/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {import("./place.js").Measure} Measure */

const SHAFT_Y = ROW - 8;
const LABEL_Y = 12;
const LOOP = 26;
const INDENT = 9;
/** What is kept free between a label and what bounds it. */
export const EDGE = 6;

/** The classes of an arrow. @param {ArrowRow} row */
export const arrowClass = (row) => `rung k-${lookOf(row)}${row.arrow.resend ? " resent" : ""}`;

/** @param {ArrowRow} row @param {Columns} columns @param {Measure} measure @returns {SVGElement[]} */
export function arrowShapes(row, columns, measure) {
  const from = columns.middles[row.from] ?? 0;
  const to = columns.middles[row.to] ?? 0;
  return [...(from === to ? loop(from, row) : straight(from, to, row)), ...label(row, from, to, columns, measure)];
}

/** @param {number} from @param {number} to @param {ArrowRow} row */
function straight(from, to, row) {
  const { arrow } = row;
  const way = Math.sign(to - from);
  const tip = to - way * 1.5;
  const neck = isRequest(arrow) ? tip - way * 8 : tip;
  const shapes = [
    svg("circle", { class: "tail-dot", cx: from, cy: SHAFT_Y, r: 2.4 }),
    svg("path", { class: "shaft", d: `M${from} ${SHAFT_Y}H${neck}` }),
    head(tip, way, isRequest(arrow)),
  ];
  if (lookOf(row) === "end") shapes.splice(1, 0, svg("path", { class: "tail-bar", d: `M${from + way * 5} ${SHAFT_Y - 4}v8` }));
  return shapes;
}

/** @param {number} x @param {ArrowRow} row */
function loop(x, { arrow }) {
  return [svg("path", { class: "shaft", d: `M${x} ${SHAFT_Y - 8}h${LOOP}v8H${x + 9}` }), head(x + 1.5, -1, isRequest(arrow))];
}

/** A request has a filled head, a reply an open one. @param {number} tip @param {number} way @param {boolean} isFilled */
function head(tip, way, isFilled) {
  const back = tip - way * 8.5;
  const [top, foot] = [SHAFT_Y - 4.2, SHAFT_Y + 4.2];
  return isFilled ? svg("path", { class: "closed-head", d: `M${tip} ${SHAFT_Y}L${back} ${top}V${foot}z` })
    : svg("path", { class: "open-head", d: `M${back} ${top}L${tip} ${SHAFT_Y}L${back} ${foot}` });
}

/** @param {ArrowRow} row @param {number} from @param {number} to @param {Columns} columns @param {Measure} measure */
function label(row, from, to, columns, measure) {
  const { arrow, number } = row;
  const isLoop = from === to;
  const left = isLoop ? from + LOOP + 4 : Math.min(from, to) + INDENT;
  const high = columns.width - EDGE;
  // Left of a loop is room where there is none at its right.
  const room = isLoop && high - left < measure(arrow.label, "strong") ? { left: columns.gutter, low: columns.gutter + EDGE, high: from - EDGE } : { left, low: columns.gutter + EDGE, high };
  const font = fontOf(lookOf(row));
  const { x, text, pills } = placeLabel(plain(arrow.label), font, narrowed(marksOf(row), columns.narrow), room, measure);
  const lastPill = pills.at(-1);
  const end = lastPill ? lastPill.x + lastPill.width : x + measure(text, font);
  // How far it may begin to the right, where its place is scrolled out of sight.
  const last = Math.max(x, Math.min(Math.max(from, to), x + high - end));
  return [svg("g", { "data-begin": x, "data-last": last }, svg("text", { class: "label", x, y: LABEL_Y }, text), ...pills.flatMap((pill) => pillShapes(pill, number)))];
}

/** @param {import("./marks.js").Mark[]} marks @param {boolean} isNarrow */
const narrowed = (marks, isNarrow) => (isNarrow ? marks.map((mark) => ({ ...mark, text: mark.short ?? mark.text })) : marks);

/** @param {import("./place.js").Pill} pill @param {number} number */
function pillShapes({ mark, text, x, width }, number) {
  if (mark.kind === "reason") return [svg("text", { class: "reason", x, y: LABEL_Y }, plain(text))];
  const unfolds = mark.kind === "copies" && number;
  return [
    svg("rect", { class: `pill pill-${mark.kind}`, x: x + 0.5, y: 1.5, width: width - 1, height: 13, rx: mark.kind === "sdp" ? 3 : 6.5, "data-unfold": unfolds }),
    svg("text", { class: `pill-text on-${mark.kind}`, x: unfolds ? x + 2 : x + 5, y: 12 }, plain(text)),
  ];
}
