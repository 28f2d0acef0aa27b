/** The columns of both lists: messages as they come, calls under way. */
import { callAddress } from "../address.js";
import { h, svg } from "../dom.js";
import { glyph } from "../glyphs.js";
import { POOR_MOS, mosText } from "../media/words.js";
import { isChallenge, outcomeOfStatus, party, wholeHost, wholeParty } from "../outcome.js";
import { clock, longTime, micros } from "../times.js";
import { LIVE } from "../words/live.js";

/** @typedef {import("../api.js").Endpoint} Endpoint */
/** @typedef {{id: string, call_id: string | null, time: string, source: Endpoint | null, destination: Endpoint | null, method: string | null, status: number | null, reason: string | null, cseq: string | null, from_user: string | null, from_domain: string | null, to_user: string | null, to_domain: string | null, node: string | null, protocol_type: number | null}} LiveMessage */
/** @typedef {{call_id: string, state: "setup" | "ringing" | "answered", status: number | null, started_at: string, answered_at: string | null, from_user: string | null, from_domain: string | null, to_user: string | null, to_domain: string | null, nodes: string[], worst_mos: number | null}} LiveCall */
/** @template T @typedef {import("./list.js").Column<T>} Column */

/** What a state of a call is by itself, where no code says it. */
const CODES = Object.freeze({ setup: "100", ringing: "180", answered: "200" });

const { messageColumns, callColumns } = LIVE;

/** Names where there are any; the rest is in the tip: the column is narrow. @param {LiveMessage} message */
const pathOf = ({ source, destination }) => [source, destination].map((end) => end?.name ?? end?.ip ?? "").join(" → ");

/** @param {LiveMessage} message */
const wholePath = ({ source, destination }) => `${wholeHost(source)} → ${wholeHost(destination)}`;

/** @param {LiveMessage} message */
const partiesOf = (message) => `${party(message.from_user, message.from_domain)} → ${party(message.to_user, message.to_domain)}`;

/** @type {readonly Column<LiveMessage>[]} */
export const MESSAGE_COLUMNS = [
  { name: messageColumns.time, look: "live-time", cells: (message) => [mark(message), clock(message.time)], title: ({ time }) => longTime(time) },
  { name: messageColumns.message, look: "live-message", cells: (message) => [h("b", { class: lookOfMessage(message) }, labelOf(message))], title: labelOf },
  { name: messageColumns.path, look: "live-path address", cells: (message) => [pathOf(message)], title: wholePath },
  { name: messageColumns.node, look: "live-node", cells: ({ node }) => [node], title: ({ node }) => node ?? "" },
  { name: messageColumns.call, look: "live-call", cells: (message) => [partiesOf(message)], title: partiesOf },
];

/** @param {LiveMessage} message */
export const addressOfMessage = (message) => (message.call_id ? callAddress(message.call_id) : null);

/** @param {LiveCall} call */
export const addressOfCall = (call) => callAddress(call.call_id);

/** @param {() => number} nowMs the server's clock @returns {readonly Column<LiveCall>[]} */
export const callColumnsAt = (nowMs) => [
  { name: callColumns.age, look: "live-age number", cells: (call) => [glyph(isPoor(call) ? "poor" : "in-progress"), h("span", { class: "age" }, age(call.started_at, nowMs()))], title: ({ started_at }) => longTime(started_at) },
  { name: callColumns.from, look: "live-from", cells: (call) => [party(call.from_user, call.from_domain)], title: (call) => wholeParty(call.from_user, call.from_domain) },
  { name: callColumns.to, look: "live-to", cells: (call) => [party(call.to_user, call.to_domain)], title: (call) => wholeParty(call.to_user, call.to_domain) },
  { name: callColumns.state, look: "live-state", cells: (call) => [h("b", { class: isPoor(call) ? "poor" : "in-progress" }, CODES[call.state]), ` ${LIVE.states[call.state]}`] },
  { name: callColumns.nodes, look: "live-nodes", cells: ({ nodes }) => [nodes.join(", ")], title: ({ nodes }) => nodes.join(", ") },
  { name: callColumns.mos, look: "live-mos number", cells: (call) => [call.worst_mos === null ? LIVE.noMos : h(isPoor(call) ? "b" : "span", { class: isPoor(call) && "poor" }, mosText(call.worst_mos))] },
];

/** `0:06`, `14:05`, `2:14:50` @param {string} since @param {number} nowMs */
export function age(since, nowMs) {
  const whole = Math.max(0, Math.floor((nowMs - micros(since) / 1000) / 1000));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** @param {LiveCall} call */
const isPoor = ({ worst_mos: mos }) => mos !== null && mos < POOR_MOS;

/** @param {LiveMessage} message */
function lookOfMessage({ method, status }) {
  if (status === null) return method === "INVITE" ? "in-progress" : "live-request";
  return status < 200 || isChallenge(status) ? "not-taken" : outcomeOfStatus(status);
}

/** A glyph of an outcome for finals; an arrow for what is none. @param {LiveMessage} message */
function mark(message) {
  const { status } = message;
  if (status !== null && status >= 200 && !isChallenge(status)) return glyph(outcomeOfStatus(status));
  const d = status === null ? "M1.5 8h10m-4-4.5L12.5 8l-5 4.5" : "M2.5 8h10.5m-4-3.5L13 8 9 11.5";
  return svg("svg", { class: `glyph ${lookOfMessage(message)}`, viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { d, fill: "none", stroke: "currentColor", "stroke-width": message.method === "INVITE" ? 2.2 : 1.3 }));
}

/** `INVITE`, `200 OK (BYE)`: which request a final answers says its CSeq. @param {LiveMessage} message */
function labelOf({ method, status, reason, cseq, protocol_type: type }) {
  if (status !== null) {
    const of = status >= 200 ? cseq?.split(" ")[1] : "";
    return `${status} ${reason ?? ""}`.trim() + (of ? ` (${of})` : "");
  }
  return method ?? (type === null || type === 1 ? LIVE.other : LIVE.ofType(type));
}
