/**
 * Moments as people type them, read on the wall clock of the zone:
 * `-3h`, `14:05`, `yesterday 14:00`, `2026-11-23 14:05:10`, and RFC 3339.
 */
import { isMoment } from "../times.js";
import { momentOf, wallOf } from "../zone.js";

/**
 * `moment` is what a URL holds, "" is now; `kind` tells of clocks that were put forward or back,
 * and `laterMs` when a clock showed the same for the second time.
 * @typedef {{moment: string, kind: "plain" | "gap" | "overlap", laterMs: number}} Typed
 */

const AGO = /^-?\s*(\d{1,5})\s*(m|min|minutes?|h|hours?|d|days?)(?:\s+ago)?$/;
const WHEN = /^(?:(today|yesterday|\d{4}-\d\d-\d\d)(?:[\sT]+|$))?(?:(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?$/i;
const DAY_MS = 86_400_000;

/** Return what somebody means, null where that is not to be understood. @param {string} text @param {number} nowMs @returns {Typed | null} */
export function readTyped(text, nowMs) {
  const typed = text.trim();
  const words = typed.toLowerCase();
  if (words === "now") return plain("");
  const ago = AGO.exec(words);
  if (ago) return plain(`-${Number(ago[1])}${ago[2]?.charAt(0)}`);
  // Without an offset it is a wall clock's, with one it is exact.
  const exact = typed.toUpperCase().replace(/^(\d{4}-\d\d-\d\d) /, "$1T");
  if (isMoment(exact)) return plain(exact);
  return onWallClock(words, nowMs);
}

/** @param {string} words @param {number} nowMs @returns {Typed | null} */
function onWallClock(words, nowMs) {
  const [found, day = "", hour = "0", minute = "0", second = "0", fraction = ""] = WHEN.exec(words) ?? [];
  if (!found || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const today = wallOf(nowMs).setUTCHours(0, 0, 0, 0);
  const midnight = day === "yesterday" ? today - DAY_MS : day && day !== "today" ? midnightOf(day) : today;
  if (midnight === null) return null;
  const within = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + Number(`0.${fraction || 0}`) * 1000;
  const { ms, kind, laterMs } = momentOf(midnight + within);
  // A time alone that is still to come was yesterday's.
  const at = !day && ms > nowMs ? momentOf(midnight - DAY_MS + within) : { ms, kind, laterMs };
  return { moment: new Date(at.ms).toISOString(), kind: at.kind, laterMs: at.laterMs };
}

/** The wall clock's midnight of `2026-11-23`, null for a day that there is not. @param {string} day */
function midnightOf(day) {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day) ? ms : null;
}

/** @param {string} moment @returns {Typed} */
const plain = (moment) => ({ moment, kind: "plain", laterMs: 0 });
