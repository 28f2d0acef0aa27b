/** Calls as CSV (RFC 4180), made of what the grid shows; times in the reader's zone, with offset. */
import { micros, offsetName } from "../times.js";
import { wallOf } from "../zone.js";

/** @typedef {import("./columns.js").CallColumn} CallColumn */
/** @typedef {import("../api.js").Call} Call */

/** Spreadsheets take a cell that begins like this for a formula (CWE-1236). */
const FORMULA = /^[=+\-@\t\r]/;

/** What is only a number does nothing, even where it is taken for a formula. */
const NUMBER = /^[+-]?\d+(\.\d+)?$/;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** The column without which a row cannot be found again. */
const KEY = "call_id";

/**
 * Return the columns of a CSV: those that are shown, and the Call-ID in any case.
 * @param {readonly CallColumn[]} shown @param {ReadonlyMap<string, CallColumn>} all
 */
export function csvColumns(shown, all) {
  const key = all.get(KEY);
  return !key || shown.includes(key) ? shown : [...shown, key];
}

/** @param {readonly Call[]} calls @param {readonly CallColumn[]} columns @returns {string} */
export function csvOf(calls, columns) {
  const head = columns.map(({ label }) => cell(label));
  const lines = calls.map((call) => columns.map((column) => cell(inZone(column.text(call)))));
  return [head, ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

/** @param {string} text */
function cell(text) {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n\t]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** `2026-11-24T16:02:49.418250+01:00` @param {string} text */
function inZone(text) {
  if (!TIME.test(text)) return text;
  const us = micros(text);
  const offset = offsetName(us / 1000).slice("UTC".length) || "Z";
  const fraction = String(Math.round(us) % 1_000_000).padStart(6, "0");
  return `${wallOf(us / 1000).toISOString().slice(0, 19)}.${fraction}${offset}`;
}
