/**
 * Bins of time: equal steps from a start, all times in ms since 1970. The axis of every chart, and
 * how a bin is called; in the reader's zone.
 */

/** @typedef {Readonly<{startMs: number, stepMs: number, count: number}>} Bins */
/** @typedef {{at: number, label: string}} Tick `at` in bins, with fractions */

const MINUTE_MS = 60_000;
const DAY_S = 86_400;

/** Steps of ticks in seconds; from a day on, whole days. */
const TICK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
  ...[1, 2, 7, 14, 30, 91, 182, 365].map((days) => days * DAY_S)];

const DAY = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short" });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "2-digit", month: "short" });
const YEAR = new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric" });

/** @param {Bins} bins @param {number} at */
export const timeOf = (bins, at) => bins.startMs + at * bins.stepMs;

/** `Tue 24 Nov, 16:00–16:15` @param {Bins} bins @param {number} at */
export function binText(bins, at) {
  const [from, to] = [new Date(timeOf(bins, at)), new Date(timeOf(bins, at + 1))];
  if (bins.stepMs < MINUTE_MS) return `${WEEKDAY.format(from)}, ${clockText(from, true)}`;
  const end = bins.stepMs < DAY_S * 1000 ? clockText(to) : `${WEEKDAY.format(to)}, ${clockText(to)}`;
  return `${WEEKDAY.format(from)}, ${clockText(from)}–${end}`;
}

/** `15 min`, `2 h`, `7 days` @param {number} stepMs */
export function stepText(stepMs) {
  const seconds = stepMs / 1000;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${seconds / 60} min`;
  if (seconds < DAY_S) return `${seconds / 3600} h`;
  return seconds === DAY_S ? "day" : `${seconds / DAY_S} days`;
}

/** Return ticks at round times of the reader's clock, about `most` at most. @param {Bins} bins @param {number} most @returns {Tick[]} */
export function timeTicks(bins, most) {
  const spanS = (bins.count * bins.stepMs) / 1000;
  const step = TICK_STEPS.find((one) => spanS / one <= most) ?? Math.ceil(spanS / most / DAY_S) * DAY_S;
  const first = new Date(bins.startMs);
  const endMs = timeOf(bins, bins.count);
  const from = Math.floor(((bins.startMs - new Date(first).setHours(0, 0, 0, 0)) / 1000) / step);
  /** @type {Tick[]} */
  const ticks = [];
  for (let number = from; ; number += 1) {
    // Built of the day's parts, as a day of the reader's zone may have 23 or 25 hours.
    const time = step < DAY_S ? new Date(first.getFullYear(), first.getMonth(), first.getDate(), 0, 0, number * step)
      : new Date(first.getFullYear(), first.getMonth(), first.getDate() + number * (step / DAY_S));
    if (time.getTime() > endMs) return ticks;
    if (time.getTime() >= bins.startMs) ticks.push({ at: (time.getTime() - bins.startMs) / bins.stepMs, label: tickText(time, step) });
  }
}

/** @param {Date} time @param {number} step */
function tickText(time, step) {
  if (step >= 91 * DAY_S) return YEAR.format(time);
  if (step >= DAY_S || !(time.getHours() || time.getMinutes() || time.getSeconds())) return DAY.format(time);
  return clockText(time, step < 60);
}

/** `16:02`, with seconds `16:02:49` @param {Date} time @param {boolean} [seconds] */
export function clockText(time, seconds = false) {
  const parts = [time.getHours(), time.getMinutes(), ...(seconds ? [time.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
