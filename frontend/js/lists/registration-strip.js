/** Registration attempts over time, told apart by how they ended; each status leads to its rows. */
import { API, get } from "../api.js";
import { stepText } from "../charts/bins.js";
import { chart } from "../charts/chart.js";
import { Cursor } from "../charts/cursor.js";
import { bars, patterns } from "../charts/marks.js";
import { axisOf, sumsOf } from "../charts/scale.js";
import { now } from "../clock.js";
import { h } from "../dom.js";
import { isChallenge, outcomeOfStatus } from "../outcome.js";
import { binsOf, rangeQuery } from "../overview/query.js";
import { REGISTRATION_LIST } from "../words/lists.js";
import { CHART_WORDS } from "../words/overview.js";
import { phraseOf } from "../words/phrases.js";

/** @typedef {{key: string, points: {value: number | null}[]}} Split */
/** @typedef {{name: string, look: string, values: number[], count: number, href?: () => string}} Layer */

const HEIGHT = 120;

/** Statuses told apart; a storm has one or two. */
const MOST_FAILURES = 4;

/** @param {import("../address.js").Values} values @param {(status: string) => string} hrefOf @param {AbortSignal} signal @returns {Promise<Node[]>} */
export async function registrationStrip(values, hrefOf, signal) {
  const bins = binsOf(values, now());
  const query = rangeQuery(bins, "");
  for (const [name, text] of Object.entries({ metric: "registrations", by: "status", step: String(bins.stepMs / 1000) })) query.set(name, text);
  const { items } = await get(`${API}/stats/series`, query, signal);
  const layers = layersOf(items, hrefOf);
  const all = values["status"] ? [h("p", {}, `${REGISTRATION_LIST.only(values["status"])}. `, h("a", { href: hrefOf("") }, REGISTRATION_LIST.all))] : [];
  return [patterns(), h("div", { class: "list-strip" }, chart({
    title: REGISTRATION_LIST.strip, note: CHART_WORDS.per(stepText(bins.stepMs)), bins, layers, cursor: new Cursor(), kind: "bar", draw: bars, height: HEIGHT,
    axis: axisOf(sumsOf(bins.count, layers), { whole: true }), text: (value) => value.toLocaleString() }), ...all)];
}

/** From the base up: failures, the most frequent first, then the rest. @param {Split[]} items @param {(status: string) => string} hrefOf @returns {Layer[]} */
function layersOf(items, hrefOf) {
  const found = items.map(({ key, points }) => {
    const numbers = points.map(({ value }) => value ?? 0);
    return { key, values: numbers, count: numbers.reduce((sum, value) => sum + value, 0) };
  }).sort((one, other) => other.count - one.count);
  const [good, challenged] = [found.filter(({ key }) => key.startsWith("2")), found.filter(({ key }) => isChallenge(Number(key)))];
  const failed = found.filter((one) => !good.includes(one) && !challenged.includes(one));
  const rest = failed.slice(MOST_FAILURES);
  return [
    ...failed.slice(0, MOST_FAILURES).map(({ key, values, count }) => {
      const status = Number(key);
      const name = key === "none" ? REGISTRATION_LIST.noFinal : key === "other" ? REGISTRATION_LIST.others : `${key} ${phraseOf(status)}`.trim();
      return { name, look: key === "none" ? "no-reply" : outcomeOfStatus(status), values, count, ...(Number.isFinite(status) && { href: () => hrefOf(key) }) };
    }),
    ...(rest.length ? [{ name: REGISTRATION_LIST.others, look: "rejected", ...sumOf(rest) }] : []),
    ...(challenged.length ? [{ name: REGISTRATION_LIST.challenged, look: "not-taken", ...sumOf(challenged) }] : []),
    { name: REGISTRATION_LIST.succeeded, look: "answered", href: () => hrefOf("2*"), ...sumOf(good, found[0]?.values.length ?? 0) },
  ];
}

/** @param {{values: number[], count: number}[]} parts @param {number} [length] */
function sumOf(parts, length = parts[0]?.values.length ?? 0) {
  return {
    values: Array.from({ length }, (_, at) => parts.reduce((sum, { values }) => sum + (values[at] ?? 0), 0)),
    count: parts.reduce((sum, { count }) => sum + count, 0),
  };
}
