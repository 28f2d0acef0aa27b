/** The figures of the bin that is read, above a chart; at rest the key of its bars. */
import { h, svg } from "../dom.js";
import { CHARTS } from "../words/charts.js";
import { binText } from "./bins.js";
import { NOWHERE } from "./cursor.js";
import { barPath } from "./marks.js";
import { present } from "./scale.js";

/** What stands for a value that is not there; never 0. */
export const NOTHING = "–";

/** @param {Pick<import("./chart.js").Options, "bins" | "layers" | "text" | "kind">} options */
export function readout({ bins, layers, text, kind }) {
  /** @param {number} at @param {import("./chart.js").Layer} layer */
  const valueText = (at, { values }) => (values[at] == null ? NOTHING : text(values[at]));
  /** @param {import("./chart.js").Layer} layer */
  const total = ({ values }) => (kind === "bar" ? text(present(values).reduce((sum, value) => sum + value, 0)) : "");
  const figures = layers.map(() => h("b"));
  const when = h("span", { class: "when" });
  const isLinked = layers.some(({ href }) => href);
  const entries = layers.map(({ name, look, href }, index) => h(href ? "a" : "span", { class: "entry", ...(href && { href: href(NOWHERE) }) }, swatch(kind, look), `${name} `, figures[index]));
  // Without links it says nothing that the plot does not tell assistive technology itself.
  const element = h("div", { class: "readout", ...(!isLinked && { "aria-hidden": "true" }) }, ...entries, when);
  /** @param {number} at */
  const show = (at) => {
    layers.forEach((layer, index) => {
      figures[index]?.replaceChildren(at === NOWHERE ? total(layer) : valueText(at, layer));
      if (layer.href) entries[index]?.setAttribute("href", layer.href(at));
    });
    when.textContent = at === NOWHERE ? "" : binText(bins, at);
  };
  return { element, show, words: (/** @type {number} */ at) => layers.map((layer) => `${layer.name} ${valueText(at, layer).replace(NOTHING, CHARTS.nothing)}`).join(", ") };
}

/** @param {"bar" | "line"} kind @param {string} look */
function swatch(kind, look) {
  const size = kind === "bar" ? 11 : 18;
  const mark = kind === "bar" ? [barPath(look, "M0 0h11v11h-11z"), svg("path", { class: `edge ${look}`, d: "M0 .7h11" })]
    : [svg("path", { class: `line ${look}`, d: "M0 5.5h18" })];
  return svg("svg", { class: "swatch", width: size, height: 11, "aria-hidden": "true" }, ...mark);
}
