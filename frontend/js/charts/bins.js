/**
 * Bins of time: equal steps from a start, all times in ms since 1970. The axis of every chart, and
 * how a bin is called; in the reader's zone.
 */
import { STEPS } from "../words/charts.js";
import { momentOf, wallOf } from "../zone.js";

/** @typedef {Readonly<{startMs: number, stepMs: number, count: number}>} Bins */
/** @typedef {{at: number, label: string}} Tick `at` in bins, with fractions */

const MINUTE_MS = 60_000;
const DAY_S = 86_400;

/** Steps of ticks in seconds; from a day on, whole days. */
const TICK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
  ...[1, 2, 7, 14, 30, 91, 182, 365].map((days) => days * DAY_S)];

const DAY = new Intl.DateTimeFormat(undefined, { timeZone: "UTC", day: "2-digit", month: "short" });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { timeZone: "UTC", weekday: "short", day: "2-digit", month: "short" });
const YEAR = new Intl.DateTimeFormat(undefined, { timeZone: "UTC", month: "short", year: "numeric" });

/** @param {Bins} bins @param {number} at */
export const timeOf = (bins, at) => bins.startMs + at * bins.stepMs;

/** `Tue 24 Nov, 16:00–16:15` @param {Bins} bins @param {number} at */
export function binText(bins, at) {
  const [from, to] = [timeOf(bins, at), timeOf(bins, at + 1)];
  const day = WEEKDAY.format(wallOf(from));
  if (bins.stepMs < MINUTE_MS) return `${day}, ${clockText(from, true)}`;
  const end = bins.stepMs < DAY_S * 1000 ? clockText(to) : `${WEEKDAY.format(wallOf(to))}, ${clockText(to)}`;
  return `${day}, ${clockText(from)}–${end}`;
}

/** `15 min`, `2 h`, `7 days` @param {number} stepMs */
export function stepText(stepMs) {
  const seconds = stepMs / 1000;
  if (seconds < 60) return STEPS.seconds(seconds);
  if (seconds < 3600) return STEPS.minutes(seconds / 60);
  if (seconds < DAY_S) return STEPS.hours(seconds / 3600);
  return seconds === DAY_S ? STEPS.day : STEPS.days(seconds / DAY_S);
}

/** Return ticks at round times of the reader's clock, about `most` at most. @param {Bins} bins @param {number} most @returns {Tick[]} */
export function timeTicks(bins, most) {
  const spanS = (bins.count * bins.stepMs) / 1000;
  const step = TICK_STEPS.find((one) => spanS / one <= most) ?? Math.ceil(spanS / most / DAY_S) * DAY_S;
  const midnight = wallOf(bins.startMs).setUTCHours(0, 0, 0, 0);
  const endMs = timeOf(bins, bins.count);
  /** @type {Tick[]} */
  const ticks = [];
  // Counted on the wall clock, as a day of the reader's zone may have 23 or 25 hours.
  for (let wallMs = midnight; ; wallMs += step * 1000) {
    const { ms, kind } = momentOf(wallMs);
    if (ms > endMs) return ticks;
    // A clock that is put forward never shows the times between.
    if (ms < bins.startMs || (kind === "gap" && step < DAY_S)) continue;
    ticks.push({ at: (ms - bins.startMs) / bins.stepMs, label: tickText(wallMs, step) });
  }
}

/** @param {number} wallMs @param {number} step */
function tickText(wallMs, step) {
  if (step >= 91 * DAY_S) return YEAR.format(wallMs);
  return step >= DAY_S || wallMs % (DAY_S * 1000) === 0 ? DAY.format(wallMs) : wallText(new Date(wallMs), step < 60);
}

/** `16:02`, with seconds `16:02:49` @param {number} ms since the epoch @param {boolean} [seconds] */
export const clockText = (ms, seconds = false) => wallText(wallOf(ms), seconds);

/** @param {Date} wall @param {boolean} seconds */
const wallText = (wall, seconds) => wall.toISOString().slice(11, seconds ? 19 : 16);
