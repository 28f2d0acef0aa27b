/** The marks of charts: stacked bars, lines that carry their names, and the small line of a tile. */
import { svg } from "../dom.js";
import { fixed, linePaths, present } from "./scale.js";

/** @typedef {import("./chart.js").Frame} Frame */
/** @typedef {import("./chart.js").Layer} Layer */

/** Between bars. */
const SPACE = 1;

/** Names of lines, right of where each ends. */
const NAME_AFTER = 5;
const NAME_HEIGHT = 14;
const BASELINE = 4;

/** Fills that are no plain colour, by the look of a bar; see `patterns`. */
const TEXTURES = /** @type {Record<string, string>} */ ({ rejected: "url(#stripes)", "no-reply": "url(#dots)" });

const SPARK = Object.freeze({ width: 100, height: 24, edge: 2 });

/** Stack layers, the first at the base. @param {Frame} frame @param {Layer[]} layers */
export function bars(frame, layers) {
  const count = layers[0]?.values.length ?? 0;
  const below = Array.from({ length: count }, () => 0);
  return layers.flatMap(({ look, values }) => {
    let [body, edge] = ["", ""];
    values.forEach((value, at) => {
      if (!value) return;
      const [from, to] = [below[at] ?? 0, (below[at] ?? 0) + value];
      const [x, right, y, base] = [fixed(frame.x(at)), fixed(frame.x(at + 1) - SPACE), fixed(frame.y(to)), fixed(frame.y(from))];
      body += `M${x} ${y}H${right}V${base}H${x}z`;
      edge += `M${x} ${fixed(y + 0.7)}H${right}`;
      below[at] = to;
    });
    return [barPath(look, body), svg("path", { class: `edge ${look}`, d: edge })];
  });
}

/** @param {string} look @param {string} d */
export const barPath = (look, d) => svg("path", { class: `bar ${look}`, d, fill: TEXTURES[look] });

/** Return a drawing of lines whose values belong to the middle of a bin, or to its start. @param {number} within 0.5 or 0 */
export const lines = (within) => (/** @type {Frame} */ frame, /** @type {Layer[]} */ layers) => {
  const x = (/** @type {number} */ at) => frame.x(at + within);
  return [
    ...layers.flatMap(({ look, values }) => linePair(look, linePaths(values, x, frame.y))),
    ...(layers.length > 1 ? lineNames(frame, layers, x) : []),
  ];
};

/** @param {string} look @param {{line: string, dots: string}} paths */
const linePair = (look, { line, dots }) => [svg("path", { class: `line ${look}`, d: line }), dots && svg("path", { class: `line lone ${look}`, d: dots })].filter((path) => path !== "");

/** @param {Frame} frame @param {Layer[]} layers @param {(at: number) => number} x */
function lineNames(frame, layers, x) {
  const ends = layers.flatMap(({ name, look, values }) => {
    const at = values.findLastIndex((value) => value !== null);
    return at < 0 ? [] : [{ name, look, x: x(at), y: frame.y(Number(values[at])) }];
  }).sort((one, other) => one.y - other.y);
  let free = 0;
  return ends.map(({ name, look, x: end, y }) => {
    const line = Math.max(y + BASELINE, free);
    free = line + NAME_HEIGHT;
    return svg("text", { class: `name ${look}`, x: fixed(end + NAME_AFTER), y: fixed(line) }, name);
  });
}

/**
 * Return the small line of a tile; `least` is the span that fills its height at least, so that
 * noise does not look like news.
 * @param {import("./scale.js").Numbers} values @param {number} least
 */
export function spark(values, least) {
  const { width, height, edge } = SPARK;
  const numbers = present(values);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const span = Math.max(high - low, least);
  const middle = (low + high) / 2;
  const paths = linePaths(values, (at) => ((at + 0.5) / values.length) * width,
    (value) => height / 2 - ((value - middle) / span) * (height - 2 * edge));
  return svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...linePair("", paths));
}

/** Return the definitions that textured bars refer to; once in a document. */
export function patterns() {
  return svg("svg", { class: "out-of-sight", width: 1, height: 1, "aria-hidden": "true" }, svg("defs", {},
    svg("pattern", { id: "stripes", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { class: "stripe", width: 2.6, height: 5 })),
    svg("pattern", { id: "dots", width: 4, height: 4, patternUnits: "userSpaceOnUse" }, svg("rect", { class: "dot", x: 1, y: 1, width: 2.2, height: 2.2 }))));
}
