/**
 * A ladder as numbers: from the flow of a call to columns and rows, without a document.
 *
 *      gutter     x(0)          x(1)          x(2)
 *     1  0.000     ●── INVITE ──▶│             │      row: 26 px, arrow 8 above its foot
 *     2  0.002     │◁─ 100 ──────●             │
 *        +2.3 s    ≈             ≈             ≈      gap: 22 px
 */
import { micros } from "../times.js";

/** @typedef {import("../api.js").Arrow} Arrow */
/** @typedef {import("../api.js").Host} Host */
/** @typedef {"begin"|"within"|"end"|"ack"|"provisional"|"success"|"redirect"|"failure"|"fault"|"other"} Look */
/** @typedef {{kind: "arrow", top: number, number: number, offsetUs: number, arrow: Arrow, from: number, to: number, look: Look, copy: number}} ArrowRow */
/** @typedef {{kind: "gap", top: number, seconds: number}} GapRow */
/** @typedef {ArrowRow | GapRow} Row */

/** Widths of what stands left of the columns: number, and offset or time of day. */
const GUTTERS = Object.freeze({ offset: 118, absolute: 148, narrow: 92 });
const NARROW = 600;
export const ROW = 26;
export const GAP = 22;
const SIDE = 80;
const NARROWEST = 92;
const WIDEST = 240;
const GAP_US = 1_000_000;
const GAP_STEPS = 4;

/** @type {Record<string, Look>} */
const LOOKS = { ACK: "ack", PRACK: "ack", BYE: "end", CANCEL: "end", UPDATE: "within", INFO: "within", REFER: "within", NOTIFY: "within" };

/** Return the middle of each column, and the widths of gutter, step and all. @param {number} hosts @param {number} space @param {boolean} absolute */
export function columnsOf(hosts, space, absolute) {
  const offset = space < NARROW ? GUTTERS.narrow : GUTTERS.offset;
  const gutter = absolute ? GUTTERS.absolute : offset;
  const step = hosts > 1 ? Math.min(Math.max((space - gutter - 2 * SIDE) / (hosts - 1), NARROWEST), WIDEST) : 0;
  const middles = Array.from({ length: hosts }, (_, index) => Math.round(gutter + SIDE + index * step));
  return { middles, gutter, step: step || WIDEST, width: Math.max(space, (middles.at(-1) ?? gutter) + SIDE) };
}

/**
 * Return the rows from top to foot, and their height together.
 * @param {Host[]} hosts @param {Arrow[]} arrows
 */
export function rowsOf(hosts, arrows) {
  const columns = new Map(hosts.map((host, index) => [host.id, index]));
  const times = arrows.map((arrow) => micros(arrow.time));
  const threshold = Math.max(GAP_US, GAP_STEPS * median(times.slice(1).map((time, index) => time - (times[index] ?? time))));
  /** @type {Row[]} */
  const rows = [];
  /** @type {Map<string, number>} */
  const copies = new Map();
  let top = 0;
  arrows.forEach((arrow, index) => {
    const time = times[index] ?? 0;
    const silent = index ? time - (times[index - 1] ?? time) : 0;
    if (silent > threshold) {
      rows.push({ kind: "gap", top, seconds: silent / 1_000_000 });
      top += GAP;
    }
    rows.push({
      kind: "arrow", top, number: index + 1, offsetUs: time - (times[0] ?? time), arrow,
      from: columns.get(arrow.from) ?? 0, to: columns.get(arrow.to) ?? 0, look: lookOf(arrow), copy: copyOf(arrow, copies),
    });
    top += ROW;
  });
  return { rows, height: top };
}

/** Return the part of the rows that lies between two heights. @param {Row[]} rows @param {number} from @param {number} to */
export function rowsBetween(rows, from, to) {
  let [first, last] = [0, rows.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if ((rows[middle]?.top ?? 0) + ROW < from) first = middle + 1;
    else last = middle;
  }
  let end = first;
  while (end < rows.length && (rows[end]?.top ?? 0) <= to) end += 1;
  return { first, end };
}

/** @param {Arrow} arrow @returns {Look} */
function lookOf({ kind, label }) {
  if (kind === "request") return LOOKS[label.split(" ", 1)[0] ?? ""] ?? "begin";
  if (kind === "failure") return Number(label.slice(0, 3)) >= 500 ? "fault" : "failure";
  return kind === "provisional" || kind === "success" || kind === "redirect" ? kind : "other";
}

/** Return the how-manieth copy a message is, 1 = the original. @param {Arrow} arrow @param {Map<string, number>} seen */
function copyOf(arrow, seen) {
  const key = JSON.stringify([arrow.from, arrow.to, arrow.label]);
  const copy = arrow.retransmission ? (seen.get(key) ?? 1) + 1 : 1;
  seen.set(key, copy);
  return copy;
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
