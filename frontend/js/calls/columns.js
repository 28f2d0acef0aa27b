/** The columns that the grid of calls can have. Each tells which filter keeps a cell's value. */
import { callAddress } from "../address.js";
import { addressOf, wholeHost, wholeParty } from "../outcome.js";
import { clock, dayAndClock, longTime, micros } from "../times.js";
import { COLUMNS, OUTCOME_NAMES } from "../words/calls.js";
import { hostCells, mosCells, nodeCells, numberCells, partyCells, pddCells, statusCells, statusText, talkCells, textCells } from "./cells.js";
import { literal } from "./filter.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {{field: string, value: string}} Kept a field and the pattern that a cell is */
/** @typedef {import("../grid/row.js").Column<Call> & {text: (call: Call) => string, keeps?: (call: Call) => Kept | null}} CallColumn */

/** A Call-ID that comes back after so long may be another call: the link then says which. */
const REUSE_MS = 24 * 3_600_000;

/** The columns of two-line rows, on a phone. */
export const NARROW = Object.freeze(["status", "time", "from", "to", "talk"]);

/** Return when a call began, if its address must say so. @param {Call} call @param {number} nowMs */
export const momentOfCall = (call, nowMs) => (nowMs - micros(call.started_at) / 1000 > REUSE_MS ? call.started_at : undefined);

/** @param {Call} call @param {number} nowMs */
export const addressOfCall = (call, nowMs) => callAddress(call.call_id, momentOfCall(call, nowMs));

/** @param {string} field @param {string | number | null} value @returns {Kept} a pattern; one without a value is `!*` as a parameter */
const keeping = (field, value) => ({ field, value: value === null || value === "" ? "" : literal(String(value)) });

/** @type {[name: keyof typeof COLUMNS & keyof Call, least: number, look: string, cells: (call: any) => import("../dom.js").Child[]][]} */
const PLAIN = [
  ["method", 74, "", ({ method }) => textCells(method)],
  ["state", 84, "", ({ state }) => textCells(state)],
  ["reason", 110, "", ({ reason }) => textCells(reason)],
  ["call_id", 160, "code", (call) => textCells(call.call_id)],
  ["user_agent", 140, "", (call) => textCells(call.user_agent)],
  ["from_domain", 120, "", (call) => textCells(call.from_domain)],
  ["to_domain", 120, "", (call) => textCells(call.to_domain)],
  ["message_count", 70, "number", (call) => [call.message_count]],
  ["worst_loss", 70, "number", (call) => numberCells(call.worst_loss, (loss) => `${(loss * 100).toFixed(1)} %`)],
  ["worst_jitter_ms", 70, "number", (call) => numberCells(call.worst_jitter_ms, (ms) => `${ms.toFixed(1)} ms`)],
];

/**
 * Return all columns by name.
 * @param {number} nowMs when the rows were asked for @param {() => HTMLElement} timeHead
 * @returns {Map<string, CallColumn>}
 */
export function callColumns(nowMs, timeHead) {
  const today = dayAndClock(new Date(nowMs).toISOString()).slice(0, 10);
  /** @param {string | null} at */
  const timeText = (at) => (!at ? "" : dayAndClock(at).startsWith(today) ? clock(at) : dayAndClock(at));
  /** @param {"answered_at" | "ended_at"} name @returns {CallColumn} */
  const moment = (name) => ({ name, label: COLUMNS[name], least: 112, look: "time", cells: (call) => textCells(timeText(call[name])), title: (call) => (call[name] ? longTime(call[name]) : ""), text: (call) => call[name] ?? "" });
  /** @param {"source" | "destination"} name @returns {CallColumn} */
  const address = (name) => ({ name, label: COLUMNS[name], least: 150, look: "code", cells: (call) => hostCells(call[name]), title: (call) => wholeHost(call[name]), text: (call) => addressOf(call[name]),
    keeps: (call) => (call[name]?.ip ? { field: name, value: call[name].ip } : null) });
  /** @param {"from" | "to" | "ruri"} side @returns {CallColumn} */
  const party = (side) => ({ name: side, label: COLUMNS[side], least: 112, grow: 2, look: side,
    cells: (call) => partyCells(call[`${side}_user`], call[`${side}_domain`]), title: (call) => wholeParty(call[`${side}_user`], call[`${side}_domain`]), text: (call) => wholeParty(call[`${side}_user`], call[`${side}_domain`]),
    keeps: (call) => (call[`${side}_user`] ? keeping(`${side}_user`, call[`${side}_user`]) : keeping(`${side}_domain`, call[`${side}_domain`])) });
  /** @type {CallColumn[]} */
  const columns = [
    { name: "time", label: COLUMNS.time, least: 112, look: "time", cells: (call) => [timeText(call.started_at)], title: (call) => longTime(call.started_at), text: (call) => call.started_at, head: timeHead },
    party("from"), party("to"),
    { name: "status", label: COLUMNS.status, least: 150, grow: 3, look: "status-cell", cells: (call) => statusCells(call, nowMs), title: (call) => statusText(call, nowMs), text: (call) => statusText(call, nowMs),
      keeps: (call) => keeping("status", call.status) },
    { name: "pdd", label: COLUMNS.pdd, least: 74, look: "number", cells: (call) => pddCells(call.pdd_ms), text: (call) => (call.pdd_ms === null ? "" : (call.pdd_ms / 1000).toFixed(3)) },
    { name: "talk", label: COLUMNS.talk, least: 58, look: "number talk", cells: (call) => talkCells(call.duration_s), text: (call) => String(call.duration_s ?? "") },
    { name: "mos", label: COLUMNS.mos, least: 62, look: "number", cells: (call) => mosCells(call.worst_mos), text: (call) => String(call.worst_mos ?? ""), keeps: (call) => keeping("worst_mos", call.worst_mos) },
    { name: "nodes", label: COLUMNS.nodes, least: 110, grow: 3, cells: (call) => nodeCells(call.nodes), title: (call) => call.nodes.join(", "), text: (call) => call.nodes.join(" "),
      keeps: (call) => keeping("nodes", call.nodes[0] ?? null) },
    { name: "outcome", label: COLUMNS.outcome, least: 100, cells: (call) => [OUTCOME_NAMES[call.outcome] ?? call.outcome], text: (call) => call.outcome, keeps: (call) => keeping("outcome", call.outcome) },
    party("ruri"), address("source"), address("destination"), moment("answered_at"), moment("ended_at"),
    ...PLAIN.map(([name, least, look, cells]) => ({ name, label: COLUMNS[name], least, look, cells, title: (/** @type {Call} */ call) => String(call[name] ?? ""), text: (/** @type {Call} */ call) => String(call[name] ?? ""),
      keeps: (/** @type {Call} */ call) => keeping(name, /** @type {string | number | null} */ (call[name])) })),
  ];
  return new Map(columns.map((column) => [column.name, column]));
}

/** Shown until the reader chooses others. */
export const USUAL = new Set(["time", "from", "to", "status", "pdd", "talk", "mos", "nodes"]);
