/** Delays of the range: percentiles of its attempts, and the course of the means. */
import { NOTHING } from "../charts/readout.js";
import { spark } from "../charts/marks.js";
import { h } from "../dom.js";
import { duration } from "../times.js";

/** @typedef {import("./data.js").Overview} Overview */

const SECOND_MS = 1000;

/** Spans that fill the height of a small line at least, ms. */
const LEAST_DELAY_MS = 100;
const LEAST_DURATION_MS = 10_000;

/** @type {{name: import("./data.js").DelayName, metric: import("./data.js").Metric, label: string, words: string, means: string}[]} */
const SPECS = [
  { name: "pdd", metric: "pdd_mean", label: "PDD", words: "post-dial delay", means: "INVITE to the first 180, 183 with SDP, or 2xx" },
  { name: "srd_successful", metric: "srd_mean", label: "SRD", words: "session request, answered", means: "RFC 6076 4.3.1: INVITE to the first response but 100" },
  { name: "srd_failed", metric: "srd_failed_mean", label: "SRD", words: "session request, failed", means: "RFC 6076 4.3.2: INVITE to the first response but 100" },
  { name: "sdd_successful", metric: "sdd_mean", label: "SDD", words: "session disconnect", means: "RFC 6076 4.4: BYE to its 2xx" },
  { name: "rrd", metric: "rrd_mean", label: "RRD", words: "registration request", means: "RFC 6076 4.1: REGISTER to its 2xx" },
  { name: "acd", metric: "acd_mean", label: "ACD", words: "call duration", means: "Answer to BYE" },
];

/** `84 ms`, `3.12 s`; a duration `1:02:03` @param {number | null} ms */
export function delayText(ms) {
  if (ms === null) return NOTHING;
  if (ms < SECOND_MS) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return ms < 60 * SECOND_MS ? `${(ms / SECOND_MS).toFixed(2)} s` : duration(ms / SECOND_MS);
}

/** @param {Overview} overview */
export function delays({ kpis, course }) {
  const rows = SPECS.map(({ name, metric, label, words, means }) => {
    const delay = kpis[name];
    return h("tr", {}, h("th", { scope: "row", title: means }, label, h("span", { class: "quiet" }, ` ${words}`)),
      h("td", {}, delay.count.toLocaleString()), h("td", { class: "minor" }, delayText(delay.mean_ms)), ...[delay.p50_ms, delay.p95_ms].map((ms) => h("td", {}, delayText(ms))),
      h("td", { class: "course minor" }, spark(course[metric], name === "acd" ? LEAST_DURATION_MS : LEAST_DELAY_MS)));
  });
  return h("section", { class: "card", "aria-label": "Delays" },
    h("header", {}, h("h2", {}, "Delays"), h("span", { class: "quiet" }, "half and 95 of 100 were not longer than")),
    h("div", { class: "scroll" }, h("table", { class: "figures" },
      h("thead", {}, h("tr", {}, ...["Delay", "Calls", "Mean", "50 %", "95 %", "Mean over time"].map((name) => h("th", { scope: "col", class: name.startsWith("Mean") && "minor" }, name)))),
      h("tbody", {}, ...rows))));
}
