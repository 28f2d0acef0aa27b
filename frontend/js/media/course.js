/**
 * Streams over time, as numbers: reports at times of their own become values of common bins. A
 * report tells of the time since the one before it; where that is much longer than usual, only of
 * the usual time, and before it there is a hole. Where reports share a bin the worst counts.
 */
import { micros } from "../times.js";

/** @typedef {import("../charts/bins.js").Bins} Bins */
/** @typedef {import("../charts/scale.js").Numbers} Numbers */
/** @typedef {import("../api.js").MediaStream} MediaStream */
/** @typedef {import("../api.js").MediaPoint} MediaPoint */
/** @typedef {(point: MediaPoint) => number | null} Pick */

const MOST_BINS = 120;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Reports come somewhat irregularly; what is so many times as late as usual, is missing. */
const LATE = 2.5;

/** @param {MediaPoint} point */
const timeMs = (point) => micros(point.time) / 1000;

/** Return the usual time between reports, 0 of a single one. @param {MediaStream} stream */
function intervalMs({ points }) {
  const between = points.slice(1).map((point, at) => timeMs(point) - timeMs(/** @type {MediaPoint} */ (points[at]))).sort((one, other) => one - other);
  return between[Math.floor(between.length / 2)] ?? 0;
}

/** Return bins that hold all reports, and the time that the first ones tell of. @param {MediaStream[]} streams @returns {Bins} */
export function binsOf(streams) {
  const told = streams.filter(({ points }) => points.length);
  const firstMs = Math.min(...told.map((stream) => timeMs(/** @type {MediaPoint} */ (stream.points[0])) - intervalMs(stream)));
  const lastMs = Math.max(...told.map(({ points }) => timeMs(/** @type {MediaPoint} */ (points.at(-1)))));
  const spanS = (lastMs - firstMs) / 1000;
  const stepMs = (STEPS_S.find((step) => spanS / step < MOST_BINS - 1) ?? Math.ceil(spanS / (MOST_BINS - 1))) * 1000;
  const startMs = Math.floor(firstMs / stepMs) * stepMs;
  return Object.freeze({ startMs, stepMs, count: Math.floor((lastMs - startMs) / stepMs) + 1 });
}

/**
 * Return a figure of a stream in each bin.
 * @param {MediaStream} stream @param {Bins} bins @param {Pick} pick @param {(one: number, other: number) => number} worst
 * @returns {Numbers}
 */
export function courseOf(stream, bins, pick, worst) {
  /** @type {(number | null)[]} */
  const values = Array.from({ length: bins.count }, () => null);
  const usualMs = intervalMs(stream);
  const binAt = (/** @type {number} */ ms) => Math.floor((ms - bins.startMs) / bins.stepMs);
  let beforeMs = -Infinity;
  for (const point of stream.points) {
    const endMs = timeMs(point);
    const value = pick(point);
    const last = binAt(endMs);
    const first = endMs - beforeMs > LATE * usualMs ? binAt(endMs - usualMs) : Math.min(binAt(beforeMs) + 1, last);
    beforeMs = endMs;
    if (value === null) continue;
    for (let at = Math.max(first, 0); at <= last; at += 1) {
      const other = values[at] ?? null;
      values[at] = other === null ? value : worst(value, other);
    }
  }
  return values;
}
