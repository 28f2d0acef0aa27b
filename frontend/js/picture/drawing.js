/**
 * A whole ladder as one SVG document: heading, hosts, every row with its time. It is drawn by the
 * same shapes as on the page; their looks are then written into each element, so that it needs no
 * style sheet and reads the same in any viewer.
 */
import { h, svg } from "../dom.js";
import { arrowClass, arrowShapes } from "../ladder/arrow.js";
import { columnsOf } from "../ladder/columns.js";
import { measureText } from "../ladder/measure.js";
import { bandShapes, copyShapes, gapShapes, reportShapes } from "../ladder/others.js";
import { copyText, foldText, offsetText, timeText } from "../ladder/words.js";
import { plain } from "../ladder/plain.js";
import { painted } from "./paint.js";

/** @typedef {import("../ladder/ladder.js").Ladder} Ladder */
/** @typedef {import("../ladder/rows.js").Row} Row */
/** @typedef {import("../ladder/columns.js").Columns} Columns */
/** @typedef {{heading: string, lines: string[]}} Title */
/** @typedef {"light" | "dark"} Theme */

const TITLE = 62;
const HOSTS = 52;
const FOOT = 20;
const LEAST_WIDTH = 640;
const STEP = 190;
const SIDE = 240;

/** @param {Ladder} ladder @param {Title} title @param {Theme} theme @returns {SVGSVGElement} */
export function ladderDrawing(ladder, title, theme) {
  const { parties, rows, height } = ladder;
  const time = ladder.choices?.time ?? "offset";
  const space = Math.max(LEAST_WIDTH, SIDE + parties.length * STEP);
  const columns = columnsOf(parties.length, space, time, ladder.flow.legs.length > 1);
  const whole = TITLE + HOSTS + height + FOOT;
  const drawing = svg("svg", { class: "picture", xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${columns.width} ${whole}`, width: columns.width, height: whole },
    svg("title", {}, plain(title.heading)),
    svg("rect", { class: "ground", width: columns.width, height: whole }),
    svg("text", { class: "heading", x: 16, y: 26 }, plain(title.heading)), svg("text", { class: "subheading", x: 16, y: 46 }, plain(title.lines.join(" · "))),
    ...columns.middles.map((x) => svg("path", { class: "life", d: `M${x} ${TITLE + HOSTS - 4}V${whole - FOOT / 2}` })),
    ...parties.map((party, index) => hostShapes(party, columns.middles[index] ?? 0, Math.min(columns.step - 8, 150))).flat(),
    ...rows.map((row) => rowGroup(row, columns, time)));
  const room = h("div", { class: "picture-room", hidden: true }, drawing);
  room.style.colorScheme = theme;
  document.body.append(room);
  painted(drawing);
  room.remove();
  return drawing;
}

/** @param {import("../ladder/hosts.js").Party} party @param {number} x @param {number} width */
function hostShapes({ name, address }, x, width) {
  return [svg("rect", { class: "host-box", x: x - width / 2, y: TITLE + 4, width, height: 38, rx: 6 }),
    svg("text", { class: "host-name", x, y: TITLE + 20 }, fitted(plain(name), width)), svg("text", { class: "host-address", x, y: TITLE + 35 }, name === address ? "" : fitted(plain(address), width))];
}

/** @param {string} text @param {number} width */
function fitted(text, width) {
  let shown = text;
  while (shown.length > 1 && measureText(shown, "strong") > width - 8) shown = `${shown.slice(0, -2)}…`;
  return shown;
}

/** @param {Row} row @param {Columns} columns @param {import("../ladder/choices.js").TimeMode} time */
function rowGroup(row, columns, time) {
  const place = { transform: `translate(0 ${TITLE + HOSTS + row.top})` };
  /** @param {string} text @param {number} y */
  const gutter = (text, y) => svg("text", { class: "gutter-text", x: columns.gutter - 8, y }, text);
  switch (row.kind) {
    case "arrow": return svg("g", { class: arrowClass(row), ...place }, svg("text", { class: "number-text", x: 36, y: 20 }, row.number),
      columns.legs && svg("text", { class: "leg-text", x: 46, y: 20 }, row.arrow.leg), gutter(timeText(row, time, false), 20), ...arrowShapes(row, columns, measureText));
    case "gap": return svg("g", { class: "rung", ...place }, gutter(`+${row.seconds.toFixed(1)} s`, 15), ...gapShapes(columns));
    case "band": return svg("g", { class: "rung", ...place }, gutter(offsetText(row.offsetUs), 16), ...bandShapes(row, columns, measureText));
    case "report": return svg("g", { class: "rung", ...place }, gutter(offsetText(row.offsetUs), 14), ...reportShapes(row, columns, measureText));
    case "copy": return svg("g", { class: "rung", ...place }, ...copyShapes(row, columns, plain(copyText(row)), measureText));
    case "fold": return svg("g", { class: "rung", ...place }, gutter(offsetText(row.offsetUs), 17),
      svg("rect", { class: "fold-ground", x: columns.gutter + 4, y: 2, width: columns.width - columns.gutter - 14, height: 22, rx: 4 }),
      svg("text", { class: "fold-label", x: columns.gutter + 12, y: 17 }, plain(`↻ ${foldText(row)}  #${row.first}–${row.last}`)));
  }
}
