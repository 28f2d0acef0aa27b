/** What the cells of calls show: parties, what became of it, delays, quality, nodes. */
import { h, svg } from "../dom.js";
import { POOR_MOS } from "../media/words.js";
import { addressOf, hostOf, outcomeOf } from "../outcome.js";
import { duration, micros } from "../times.js";
import { CAUSES, CELLS, OUTCOME_NAMES } from "../words/calls.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../dom.js").Child} Child */

/** Longer waits for the first ring are worth a look. */
const SLOW_PDD_MS = 3000;

/** A MOS fills so many of four bars: from here on one more. */
const MOS_BARS = [2.6, 3.1, POOR_MOS, 4.0];

/** Cells of a column have the same elements in every row, so that a row can become another by its texts. @param {string | null} text @param {string} [look] */
const part = (text, look = "") => h("span", { class: text === null ? "nothing" : look }, text ?? CELLS.nothing);

/** The number or name, and where it is at. @param {string | null} user @param {string | null} domain @returns {Child[]} */
export function partyCells(user, domain) {
  return [part(user ?? domain, "user"), h("span", { class: "minor" }, user && domain)];
}

/** The code, its phrase, and what the code leaves open. @param {Call} call @param {number} nowMs @returns {Child[]} */
export function statusCells(call, nowMs) {
  const cause = causeOf(call, nowMs);
  const look = outcomeOf(call);
  const code = finalOf(call);
  const phrase = code === null ? "" : ` ${call.reason ?? ""}`;
  return [h("b", { class: `status ${look}` }, code), phrase || " ",
    h("span", { class: code === null ? look : "minor" }, cause && (phrase.trim() ? ` · ${cause}` : cause))];
}

/** While a call is set up or rings, a code is that of a challenge that was met: the try after it counts. @param {Call} call */
const finalOf = ({ outcome, state, status }) => (outcome === "in_progress" && state !== "answered" ? null : status);

/**
 * Return what a call's state adds to its final code, "" where that says it all.
 * @param {Call} call @param {number} nowMs
 */
function causeOf(call, nowMs) {
  const since = (/** @type {string} */ time) => duration(Math.max(0, Math.round((nowMs - micros(time) / 1000) / 1000))).replace(/\.0 s$/, " s");
  switch (call.state) {
    case "setup": return CAUSES.setup(since(call.started_at));
    case "ringing": return CAUSES.ringing(since(call.started_at));
    case "answered": return CAUSES.talking(since(call.answered_at ?? call.started_at));
    case "cancelled": return CAUSES.cancelled(call.ended_at ? duration((micros(call.ended_at) - micros(call.started_at)) / 1e6) : "");
    case "timeout": return call.status === null ? CAUSES.noReply : "";
    case "completed": return call.outcome === "poor" ? CAUSES.poor : "";
    default: return call.status === null ? CAUSES.noFinal : "";
  }
}

/** @param {Call} call @param {number} nowMs */
export const statusText = (call, nowMs) => [OUTCOME_NAMES[call.outcome], finalOf(call) !== null && [call.status, call.reason].filter((part) => part !== null).join(" "), causeOf(call, nowMs)].filter(Boolean).join(" · ");

/** Seconds; slow ones stand out. @param {number | null} ms @returns {Child[]} */
export function pddCells(ms) {
  const isSlow = ms !== null && ms > SLOW_PDD_MS;
  return [part(ms === null ? null : `${isSlow ? "↑ " : ""}${(ms / 1000).toFixed(2)}`, isSlow ? "slow" : "")];
}

/** `0:12` @param {number | null} seconds @returns {Child[]} */
export const talkCells = (seconds) => [part(seconds === null ? null : seconds < 60 ? `0:${String(Math.floor(seconds)).padStart(2, "0")}` : duration(seconds))];

/** The worst of all reports. @param {number | null} mos @returns {Child[]} */
export function mosCells(mos) {
  const filled = mos === null ? 0 : Math.max(1, MOS_BARS.filter((from) => mos >= from).length);
  const bars = svg("svg", { class: "mos", width: 15, height: 10, viewBox: "0 0 15 10", "aria-hidden": "true" },
    svg("path", { d: mosPath(0, filled), class: "full" }), svg("path", { d: mosPath(filled, mos === null ? 0 : MOS_BARS.length) }));
  return [h("span", { class: mos !== null && mos < POOR_MOS ? "poor" : "" }, bars, part(mos === null ? null : ` ${mos.toFixed(1)}`))];
}

/** @param {number} from @param {number} to */
const mosPath = (from, to) => MOS_BARS.map((_, at) => (at >= from && at < to ? `M${at * 4} 10v${-3 - at * 2.3}h3v${3 + at * 2.3}z` : "")).join("");

/** @param {number | null} value @param {(value: number) => string} text @returns {Child[]} */
export const numberCells = (value, text) => [part(value === null ? null : text(value))];

/** Two by name, and how many others: the record does not tell their order on the way. @param {readonly string[]} nodes @returns {Child[]} */
export function nodeCells(nodes) {
  return [part(nodes.slice(0, 2).join(", ") || null), h("span", { class: "minor" }, nodes.length > 2 && ` +${nodes.length - 2}`)];
}

/** Its name, and where it is. @param {import("../api.js").Endpoint | null} endpoint @returns {Child[]} */
export const hostCells = (endpoint) => [part(hostOf(endpoint) || null), h("span", { class: "minor" }, endpoint?.name && ` ${addressOf(endpoint)}`)];

/** @param {string | null} text @returns {Child[]} */
export const textCells = (text) => [part(text || null)];
