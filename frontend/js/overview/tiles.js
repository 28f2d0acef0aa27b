/** The tiles at the head: attempts and the ratios of RFC 6076 and of telephony, each with its course. */
import { NOTHING } from "../charts/readout.js";
import { spark } from "../charts/marks.js";
import { h } from "../dom.js";

/** @typedef {import("./data.js").Overview} Overview */
/** @typedef {(more?: Record<string, string>) => string} CallsHref */
/** @typedef {{name: "ser"|"seer"|"asr"|"ner"|"scr"|"isa"|"ira", label: string, words: string, means: string, calls: Record<string, string>}} Spec */

/** Points of percent that fill the height of a small line at least. */
const LEAST_POINTS = 10;
const LEAST_CALLS = 4;

/** `calls` are what a search can tell of those counted; where it cannot, all calls. @type {Spec[]} */
const SPECS = [
  { name: "ser", label: "SER", words: "answered", means: "Session establishment ratio, RFC 6076 4.6: answered / (all − redirected)", calls: { status: "2*" } },
  { name: "seer", label: "SEER", words: "effective", means: "Session establishment effectiveness ratio, RFC 6076 4.7: answered, 480, 486, 600, 603 / (all − redirected)", calls: {} },
  { name: "asr", label: "ASR", words: "answered", means: "Answer seizure ratio, ITU-T E.411: answered / all", calls: { status: "2*" } },
  { name: "ner", label: "NER", words: "network", means: "Network effectiveness ratio, ITU-T E.425: answered, 480, 486, 487, 600, 603 / all", calls: {} },
  { name: "scr", label: "SCR", words: "completed", means: "Session completion ratio, RFC 6076 4.9: sessions whose BYE was answered with 2xx / all", calls: { state: "completed" } },
  { name: "isa", label: "ISA", words: "ineffective", means: "Ineffective session attempts, RFC 6076 4.8: 408, 500, 503, 504 / all", calls: {} },
];

/** @type {Spec} */
const IRA = { name: "ira", label: "IRA", words: "registrations", means: "Ineffective registration attempts, RFC 6076 4.2: failed / all registrations", calls: {} };

/** `61.8` @param {number | null} percent */
export const percentText = (percent) => (percent === null ? NOTHING : percent.toFixed(1));

/** @param {import("./data.js").Ratio} ratio */
export const partText = ({ numerator, denominator }) => `${numerator.toLocaleString()} of ${denominator.toLocaleString()}`;

/** @param {Overview} overview @param {CallsHref} callsHref */
export function tiles({ kpis, course, statuses }, callsHref) {
  const attempts = kpis.asr.denominator;
  const all = statuses[0]?.values.map((_, at) => statuses.reduce((sum, { values }) => sum + (values[at] ?? 0), 0)) ?? [];
  /** @param {Spec} spec @param {string} href */
  const ratio = ({ name, label, words, means }, href) => tile({
    label, words, means, href, figure: percentText(kpis[name].value), unit: kpis[name].value === null ? "" : "%",
    below: kpis[name].denominator ? partText(kpis[name]) : "nothing to count", line: spark(course[name], LEAST_POINTS),
  });
  return h("div", { class: "tiles" },
    tile({ label: "Calls", words: "attempts", means: "Attempts that have ended or been answered, each once", href: callsHref(), figure: attempts.toLocaleString(), unit: "",
      below: `${kpis.asr.numerator.toLocaleString()} answered`, line: spark(all, LEAST_CALLS) }),
    ...SPECS.map((spec) => ratio(spec, callsHref(spec.calls))), ratio(IRA, "/registrations"));
}

/** @param {{label: string, words: string, means: string, href: string, figure: string, unit: string, below: string, line: SVGElement}} parts */
function tile({ label, words, means, href, figure, unit, below, line }) {
  return h("a", { class: "card tile", href, title: means },
    h("span", { class: "tile-name" }, h("b", {}, label), ` ${words}`),
    h("span", { class: "tile-figure" }, figure, unit && h("small", {}, ` ${unit}`)),
    h("span", { class: "tile-part" }, below), line);
}
