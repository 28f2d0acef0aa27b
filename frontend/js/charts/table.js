/** The numbers behind a chart as a table and as CSV, made when somebody asks for them. */
import { h } from "../dom.js";
import { zonedIso } from "../times.js";
import { CHARTS } from "../words/charts.js";
import { binText, timeOf } from "./bins.js";
import { NOTHING } from "./readout.js";

/** @typedef {Pick<import("./chart.js").Options, "title" | "bins" | "layers">} Numbers */

/** Values come as exact as they are known; more digits than these nobody reads. */
const DIGITS = 3;

/** @param {Numbers} numbers */
export function numbersBehind(numbers) {
  const box = h("details", { class: "behind" }, h("summary", {}, CHARTS.table));
  box.addEventListener("toggle", () => {
    if (box.open && !box.querySelector("table")) box.append(csvLink(numbers), tableOf(numbers));
  });
  return box;
}

/** @param {Numbers} numbers */
function tableOf({ title, bins, layers }) {
  const rows = Array.from({ length: bins.count }, (_, at) => h("tr", {}, h("th", { scope: "row" }, binText(bins, at)),
    ...layers.map(({ values }) => h("td", {}, values[at] == null ? NOTHING : rounded(values[at])))));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": CHARTS.numbers(title) }, h("table", { class: "figures" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, CHARTS.time), ...layers.map(({ name }) => h("th", { scope: "col" }, name)))), h("tbody", {}, ...rows)));
}

/** @param {Numbers} numbers */
function csvLink({ title, bins, layers }) {
  const lines = Array.from({ length: bins.count }, (_, at) =>
    [zonedIso(timeOf(bins, at)), ...layers.map(({ values }) => values[at] ?? "")].join(","));
  const text = [["time", ...layers.map(({ name }) => quoted(name))].join(","), ...lines, ""].join("\r\n");
  return h("a", { class: "button", download: `${title.toLowerCase().replaceAll(/\W+/g, "-")}.csv`, href: `data:text/csv;charset=utf-8,${encodeURIComponent(text)}` }, CHARTS.csv);
}

/** @param {string} text */
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

/** @param {number} value */
const rounded = (value) => Number(value.toFixed(DIGITS)).toLocaleString();
