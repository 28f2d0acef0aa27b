/** Small drawings of controls; the words beside or behind them say the same. */
import { svg } from "./dom.js";

/** @type {Readonly<Record<string, string>>} */
const PATHS = Object.freeze({
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  down: "m4.5 6.5 3.5 3.5 3.5-3.5",
  back: "M9.5 4 5.5 8l4 4",
  forward: "m6.5 4 4 4-4 4",
  wider: "M6.8 2.4a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8zM10 10l3.6 3.6M4.8 6.8h4",
  clock: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 4.8V8l2.4 1.4",
  light: "M8 5.4a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2zM8 1.6v1.6m0 9.6v1.6M1.6 8h1.6m9.6 0h1.6M3.5 3.5l1.1 1.1m6.8 6.8 1.1 1.1m0-9-1.1 1.1m-6.8 6.8-1.1 1.1",
  dark: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
  system: "M2.2 3.2h11.6v7.6H2.2zM5.4 13.4h5.2",
});

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": "1.4", "stroke-linecap": "round", "stroke-linejoin": "round" }));
}
