/** The numbers behind a chart: its axis of values, and lines with holes. No document. */

/** @typedef {readonly (number | null)[]} Numbers one for each bin; null is a hole */
/** @typedef {{low?: number, high?: number, whole?: boolean}} Wish bounds that are known, and whether values are counts */
/** @typedef {Readonly<{low: number, high: number, ticks: number[]}>} Axis */

const INTERVALS = 4;

/** Digits of a tick; what is behind them is the rounding of sums. */
const PRECISION = 10;

/** Return an axis of round steps that holds all values. @param {Iterable<number>} values @param {Wish} wish @returns {Axis} */
export function axisOf(values, { low = 0, high, whole = false }) {
  const most = high ?? Math.max(low, ...values);
  const step = roundStep((most - low || 1) / INTERVALS, whole);
  const top = high ?? low + Math.max(1, Math.ceil((most - low) / step - 1e-9)) * step;
  const count = Math.floor((top - low) / step + 1e-9);
  return { low, high: top, ticks: Array.from({ length: count + 1 }, (_, index) => Number((low + index * step).toPrecision(PRECISION))) };
}

/** The lower end of an axis of percent: far enough down to show the least. @param {Iterable<number>} values */
export const percentLow = (values) => Math.max(0, Math.floor((Math.min(100, ...values) - 1) / 20) * 20);

/** Return the numbers that are there. @param {Numbers} values @returns {number[]} */
export const present = (values) => values.filter((value) => value !== null);

/** Return what layers add up to in each of so many bins. @param {number} count @param {readonly {values: Numbers}[]} layers @returns {number[]} */
export const sumsOf = (count, layers) => Array.from({ length: count }, (_, at) => layers.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));

/**
 * Return the paths of a line, and of the dots that values between holes are.
 * @param {Numbers} values @param {(at: number) => number} x @param {(value: number) => number} y
 */
export function linePaths(values, x, y) {
  let [line, dots] = ["", ""];
  values.forEach((value, at) => {
    if (value === null) return;
    const place = `${fixed(x(at))} ${fixed(y(value))}`;
    const [isFirst, isLast] = [(values[at - 1] ?? null) === null, (values[at + 1] ?? null) === null];
    if (isFirst && isLast) dots += `M${place}h.01`;
    else line += `${isFirst ? "M" : "L"}${place}`;
  });
  return { line, dots };
}

/** @param {number} number */
export const fixed = (number) => Number(number.toFixed(2));

/** Return the least of 1, 2, 5, 10, 20 ... that is not below. @param {number} least @param {boolean} whole */
function roundStep(least, whole) {
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= least - 1e-9) ?? least;
  return whole ? Math.max(1, step) : step;
}
