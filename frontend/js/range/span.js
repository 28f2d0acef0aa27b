/** A time range as two moments of a URL: its words, and its neighbours. */
import { dayAndClock, isMoment, toUtc } from "../times.js";
import { RANGE_WORDS as WORDS } from "../words/range.js";

/** @typedef {Readonly<{from: string, to: string}>} Range moments as in a URL; an empty `to` is now */

const MINUTE_MS = 60_000;

/** A step that ends within this part of the range before now ends now. */
const NEARLY = 20;
const RELATIVE = /^-(\d+)([mhd])$/;

/** @param {Range} range @param {number} nowMs */
function bounds({ from, to }, nowMs) {
  return { fromMs: Date.parse(toUtc(from, nowMs)), toMs: to ? Date.parse(toUtc(to, nowMs)) : nowMs };
}

/** Return the range moved by its own width, never past now. @param {Range} range @param {1 | -1} way @param {number} nowMs @returns {Range} */
export function shifted(range, way, nowMs) {
  const { fromMs, toMs } = bounds(range, nowMs);
  const width = Math.max(toMs - fromMs, MINUTE_MS);
  const end = toMs + way * width;
  // Some time has passed since the step back that this one undoes.
  if (end > nowMs - Math.max(width / NEARLY, MINUTE_MS)) return { from: relative(width) || iso(nowMs - width), to: "" };
  return { from: iso(end - width), to: iso(end) };
}

/** Return twice the range: about its middle, or back from now. @param {Range} range @param {number} nowMs @returns {Range} */
export function wider(range, nowMs) {
  const { fromMs, toMs } = bounds(range, nowMs);
  const width = Math.max(toMs - fromMs, MINUTE_MS);
  if (!range.to) return { from: relative(2 * width) || iso(nowMs - 2 * width), to: "" };
  const end = toMs + width / 2;
  return end >= nowMs ? { from: iso(fromMs - width / 2), to: "" } : { from: iso(fromMs - width / 2), to: iso(end) };
}

/** `Last 24 hours`, `2026-11-23 14:05 – 15:05`, `since 2026-11-23 14:05` @param {Range} range @param {number} nowMs */
export function rangeWords({ from, to }, nowMs) {
  const [, count, unit] = RELATIVE.exec(from) ?? [];
  if (count && unit && !to) return WORDS.last(Number(count), /** @type {"m" | "h" | "d"} */ (unit));
  if (!isMoment(from) || (to && !isMoment(to))) return "";
  const start = shortTime(toUtc(from, nowMs));
  if (!to) return Date.parse(from) <= 0 ? WORDS.everything : WORDS.since(start);
  const end = shortTime(toUtc(to, nowMs));
  const isSameDay = start.slice(0, 10) === end.slice(0, 10);
  return `${start} – ${isSameDay ? end.slice(11) : end}`;
}

/** `2026-11-23 14:05`, with seconds where there are any. @param {string} time */
function shortTime(time) {
  return dayAndClock(time).replace(/(:00)?\.\d+$/, "");
}

/** `-90m` where the width is whole minutes, as short as it goes. @param {number} widthMs */
function relative(widthMs) {
  const minutes = widthMs / MINUTE_MS;
  if (!Number.isInteger(minutes)) return "";
  if (minutes % 1440 === 0) return `-${minutes / 1440}d`;
  if (minutes % 60 === 0) return `-${minutes / 60}h`;
  return minutes < 100_000 ? `-${minutes}m` : "";
}

/** @param {number} ms */
const iso = (ms) => new Date(ms).toISOString();
