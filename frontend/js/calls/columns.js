/** The columns of the grid of calls. */
import { callAddress } from "../address.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { POOR_MOS, mosText } from "../media/words.js";
import { addressOf, finalOf, outcomeOf, party } from "../outcome.js";
import { clock, dayAndClock, duration, longTime, micros } from "../times.js";

/** @typedef {import("../api.js").Call} Call */

/** Longer waits for the first ring are worth a look. */
const SLOW_PDD_MS = 3000;

/** A Call-ID that comes back after so long may be another call: the link then says which. */
const REUSE_MS = 24 * 3_600_000;

/** @param {Call} call @param {number} nowMs */
export function addressOfCall(call, nowMs) {
  const isOld = nowMs - micros(call.started_at) / 1000 > REUSE_MS;
  return callAddress(call.call_id, isOld ? call.started_at : undefined);
}

/**
 * @param {number} nowMs @param {() => HTMLElement} startedHead
 * @returns {import("../lists/grid.js").Column<Call>[]}
 */
export function callColumns(nowMs, startedHead) {
  const today = dayAndClock(new Date(nowMs).toISOString()).slice(0, 10);
  /** @param {Call} call */
  const started = ({ started_at: at }) => (dayAndClock(at).startsWith(today) ? clock(at) : dayAndClock(at));
  /** @param {Call} call */
  const route = ({ source, destination }) => `${addressOf(source)} → ${addressOf(destination)}`;
  return [
    { name: "Started", look: "started", cells: (call) => [started(call)], title: (call) => longTime(call.started_at), head: startedHead },
    { name: "State", look: "state-cell", cells: (call) => [glyph(outcomeOf(call, nowMs)), ` ${call.state}`] },
    { name: "Status", look: "status-cell", cells: (call) => statusCells(call, nowMs), title: finalOf },
    { name: "From", look: "from", cells: (call) => [party(call.from_user, call.from_domain)], title: (call) => `${call.from_user ?? ""}@${call.from_domain ?? ""}` },
    { name: "To", look: "to", cells: (call) => [party(call.to_user, call.to_domain)], title: (call) => `${call.to_user ?? ""}@${call.to_domain ?? ""}` },
    { name: "Method", look: "minor", cells: (call) => [call.method] },
    { name: "Source → destination", look: "address minor", cells: (call) => [route(call)], title: route },
    { name: "PDD s", look: "number minor", cells: (call) => pddCells(call.pdd_ms) },
    { name: "Talk", look: "number talk", cells: (call) => [duration(call.duration_s)] },
    { name: "MOS", look: "number minor", cells: (call) => mosCells(call.worst_mos) },
    { name: "Messages", look: "number minor", cells: (call) => [call.message_count] },
    { name: "Nodes", look: "minor", cells: (call) => [nodesText(call.nodes)], title: (call) => call.nodes.join(", ") },
  ];
}

/** @param {Call} call @param {number} nowMs */
function statusCells(call, nowMs) {
  if (call.status === null) return [h("span", { class: "quiet" }, "no final")];
  return [h("span", { class: `status ${outcomeOf(call, nowMs)}` }, call.status), ` ${call.reason ?? ""}`];
}

/** @param {number | null} ms */
function pddCells(ms) {
  if (ms === null) return [];
  const seconds = (ms / 1000).toFixed(2);
  return ms > SLOW_PDD_MS ? [h("span", { class: "slow-pdd", title: "above 3 s" }, `↑ ${seconds}`)] : [seconds];
}

/** The worst of all reports, if any. @param {number | null} mos */
function mosCells(mos) {
  if (mos === null) return [];
  return mos < POOR_MOS ? [h("b", { class: "poor", title: `below ${POOR_MOS}` }, `${mosText(mos)} ↓`)] : [mosText(mos)];
}

/** @param {string[]} nodes */
const nodesText = (nodes) => (nodes.length > 2 ? `${nodes[0]} › +${nodes.length - 2} › ${nodes.at(-1)}` : nodes.join(" › "));
