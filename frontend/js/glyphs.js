/** Outcome glyphs: each has a shape of its own, so that colour is never needed to read one. */
import { svg } from "./dom.js";

/** @typedef {"answered"|"poor"|"not-taken"|"rejected"|"fault"|"no-reply"|"in-progress"} Outcome */

/** @type {Record<Outcome, [string, Record<string, string>][]>} */
const SHAPES = {
  answered: [
    ["M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z", { fill: "currentColor" }],
    ["m5 8.2 2.1 2.1L11 6", { stroke: "var(--surface)", "stroke-width": "1.8" }],
  ],
  poor: [
    ["M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z", { stroke: "currentColor", "stroke-width": "1.5" }],
    ["M8 1.5a6.5 6.5 0 0 0 0 13z", { fill: "currentColor" }],
  ],
  "not-taken": [["M8 2.8a5.2 5.2 0 1 1 0 10.4 5.2 5.2 0 0 1 0-10.4z", { stroke: "currentColor", "stroke-width": "1.6" }]],
  rejected: [
    ["M8 1.8 15 14H1z", { fill: "currentColor" }],
    ["M8 6v4m0 1.7v.6", { stroke: "var(--surface)", "stroke-width": "1.6" }],
  ],
  fault: [
    ["M2 2h12v12H2z", { fill: "currentColor" }],
    ["m5.5 5.5 5 5m0-5-5 5", { stroke: "var(--surface)", "stroke-width": "1.8" }],
  ],
  "no-reply": [["M8 1.5 14.5 8 8 14.5 1.5 8z", { stroke: "currentColor", "stroke-width": "1.6", "stroke-dasharray": "2.4 1.8" }]],
  "in-progress": [["M8 2.8A5.2 5.2 0 1 0 13.2 8", { stroke: "currentColor", "stroke-width": "1.8" }]],
};

/** Return the glyph of an outcome; the word beside it says the same. @param {Outcome} outcome */
export function glyph(outcome) {
  const paths = SHAPES[outcome].map(([d, look]) => svg("path", { d, fill: "none", ...look }));
  return svg("svg", { class: `glyph ${outcome}`, viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, ...paths);
}
