/** Delays of the range: percentiles of its attempts, and the course of the means. */
import { NOTHING } from "../charts/readout.js";
import { spark } from "../charts/marks.js";
import { h } from "../dom.js";
import { duration } from "../times.js";
import { DELAY_NAMES, DELAY_WORDS } from "../words/overview.js";

/** @typedef {import("./data.js").Overview} Overview */

const SECOND_MS = 1000;

/** Columns that a phone has no room for: the means. */
const MINOR = new Set([2, 5]);

/** Spans that fill the height of a small line at least, ms. */
const LEAST_DELAY_MS = 100;
const LEAST_DURATION_MS = 10_000;

/** @type {{name: import("./data.js").DelayName & keyof typeof DELAY_NAMES, metric: import("./data.js").Metric}[]} */
const SPECS = [
  { name: "pdd", metric: "pdd_mean" }, { name: "srd_successful", metric: "srd_mean" }, { name: "srd_failed", metric: "srd_failed_mean" },
  { name: "sdd_successful", metric: "sdd_mean" }, { name: "rrd", metric: "rrd_mean" }, { name: "acd", metric: "acd_mean" },
];

/** `84 ms`, `3.12 s`; a duration `1:02:03` @param {number | null} ms */
export function delayText(ms) {
  if (ms === null) return NOTHING;
  if (ms < SECOND_MS) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return ms < 60 * SECOND_MS ? `${(ms / SECOND_MS).toFixed(2)} s` : duration(ms / SECOND_MS);
}

/** @param {Overview} overview */
export function delays({ kpis, course }) {
  const rows = SPECS.map(({ name, metric }) => {
    const { label, words, means } = DELAY_NAMES[name];
    const delay = kpis[name];
    return h("tr", {}, h("th", { scope: "row", title: means }, label, h("span", { class: "quiet" }, ` ${words}`)),
      h("td", {}, delay.count.toLocaleString()), h("td", { class: "minor" }, delayText(delay.mean_ms)), ...[delay.p50_ms, delay.p95_ms].map((ms) => h("td", {}, delayText(ms))),
      h("td", { class: "course minor" }, spark(course[metric], name === "acd" ? LEAST_DURATION_MS : LEAST_DELAY_MS)));
  });
  return h("section", { class: "card span-3", "aria-label": DELAY_WORDS.label },
    h("header", {}, h("h2", {}, DELAY_WORDS.label), h("span", { class: "quiet" }, DELAY_WORDS.note)),
    h("div", { class: "scroll" }, h("table", { class: "figures" },
      h("thead", {}, h("tr", {}, ...DELAY_WORDS.heads.map((name, at) => h("th", { scope: "col", class: MINOR.has(at) && "minor" }, name)))),
      h("tbody", {}, ...rows))));
}
