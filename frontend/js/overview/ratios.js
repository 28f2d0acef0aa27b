/** All ratios of the range, with what they are of, what they were a week ago, and their course. */
import { spark } from "../charts/marks.js";
import { h } from "../dom.js";
import { MEANS, RATIOS } from "../words/home.js";
import { partText, percentText } from "./tiles.js";

/** @type {("ser"|"seer"|"asr"|"ner"|"scr"|"isa"|"ira")[]} */
export const RATIO_NAMES = ["ser", "seer", "asr", "ner", "scr", "isa", "ira"];

const LEAST_POINTS = 10;

/** @param {import("./data.js").Overview} overview */
export function ratios({ kpis, before, course }) {
  const rows = RATIO_NAMES.map((name) => h("tr", {}, h("th", { scope: "row", title: MEANS[name] }, name.toUpperCase(), h("span", { class: "quiet" }, ` ${RATIOS.words[name]}`)),
    h("td", {}, percentText(kpis[name].value)), h("td", { class: "minor" }, kpis[name].denominator ? partText(kpis[name]) : ""), h("td", {}, percentText(before.ratios[name].value)),
    h("td", { class: "course minor" }, spark(course[name], LEAST_POINTS))));
  return h("section", { class: "card span-3", "aria-label": RATIOS.label },
    h("header", {}, h("h2", {}, RATIOS.label), h("span", { class: "quiet" }, RATIOS.note)),
    h("div", { class: "scroll" }, h("table", { class: "figures" },
      h("thead", {}, h("tr", {}, ...RATIOS.heads.map((head, at) => h("th", { scope: "col", class: (at === 2 || at === 4) && "minor" }, head)))), h("tbody", {}, ...rows))));
}
