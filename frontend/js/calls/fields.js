/**
 * The fields of a call that a search may name, in the order in which their filters stand. What
 * each is, in a sentence, is the API's to say (`GET fields`); this table has what the page must
 * know before any answer: names for links, labels, and what may be written behind them.
 */
import { LABELS } from "../words/calls.js";

/** @typedef {"text" | "address" | "number" | "time" | "enum"} Kind */
/** @typedef {Readonly<{name: string, label: string, kind: Kind, values: readonly string[]}>} Field */

/** Outcomes as the API names them, the worst first: they stack in this order. */
export const OUTCOMES = Object.freeze(["fault", "no_reply", "rejected", "poor", "not_taken", "answered", "in_progress"]);

const STATES = Object.freeze(["setup", "ringing", "answered", "completed", "cancelled", "timeout", "failed", "other"]);

/** @type {[name: keyof typeof LABELS, kind: Kind, values?: readonly string[]][]} */
const TABLE = [
  ["from_user", "text"], ["to_user", "text"], ["outcome", "enum", OUTCOMES], ["status", "text"], ["reason", "text"],
  ["method", "text"], ["state", "enum", STATES], ["nodes", "text"], ["source", "address"], ["destination", "address"],
  ["user_agent", "text"], ["call_id", "text"], ["from_domain", "text"], ["to_domain", "text"], ["ruri_user", "text"],
  ["ruri_domain", "text"], ["pdd_ms", "number"], ["duration_s", "number"], ["worst_mos", "number"], ["worst_loss", "number"],
  ["worst_jitter_ms", "number"], ["message_count", "number"], ["started_at", "time"], ["answered_at", "time"], ["ended_at", "time"],
];

/** @type {readonly Field[]} */
export const FIELDS = Object.freeze(TABLE.map(([name, kind, values = []]) => Object.freeze({ name, label: LABELS[name], kind, values })));

/** Return the field that a reader names, by its name or its label. @param {string} text @returns {Field | undefined} */
export function fieldNamed(text) {
  const wanted = text.trim().toLowerCase();
  return FIELDS.find(({ name }) => name === wanted) ?? FIELDS.find(({ label }) => label.toLowerCase() === wanted);
}

/** More changes than these make another word. */
const FEW_CHANGES = 3;

/** Return the field whose name is nearest to a word, if one is near. @param {string} word @returns {Field | undefined} */
export function fieldNear(word) {
  const wanted = word.toLowerCase();
  const nearest = FIELDS.map((field) => ({ field, far: distance(wanted, field.name) })).sort((one, other) => one.far - other.far)[0];
  return nearest && nearest.far <= Math.min(FEW_CHANGES, Math.floor(nearest.field.name.length / 2)) ? nearest.field : undefined;
}

/** Letters to insert, delete, change or swap with the next (optimal string alignment). @param {string} one @param {string} other */
function distance(one, other) {
  /** @type {number[][]} */
  const table = Array.from({ length: one.length + 1 }, (_, row) => Array.from({ length: other.length + 1 }, (_, column) => (row && column ? 0 : row + column)));
  /** @param {number} row @param {number} column */
  const at = (row, column) => table[row]?.[column] ?? Infinity;
  for (let row = 1; row <= one.length; row += 1) {
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const least = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (isSame ? 0 : 1), isSwapped ? at(row - 2, column - 2) + 1 : Infinity);
      table[row]?.splice(column, 1, least);
    }
  }
  return at(one.length, other.length);
}
