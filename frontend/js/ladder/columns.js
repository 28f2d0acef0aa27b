/** Where the columns of a ladder stand, in pixels. Pure. */

/** @typedef {import("./choices.js").TimeMode} TimeMode */
/** @typedef {{gutter: number, middles: number[], step: number, width: number, side: number, narrow: boolean, legs: boolean}} Columns */

const NARROW = 480;
const SIDE = 77;
const NARROWEST = 92;
const WIDEST = 240;

/** Five hosts and their offsets fit a phone of 390 pixels. */
const NARROW_STEP = 64;
const NARROW_SIDE = 32;
const LEG = 24;

/** Widths of what stands left of the columns, without the box of the leg. @type {Record<TimeMode, number>} */
const GUTTERS = Object.freeze({ offset: 108, absolute: 136, delta: 112 });
const NARROW_GUTTERS = Object.freeze({ offset: 66, absolute: 84, delta: 70 });

/** @param {number} count of columns @param {number} space in pixels @param {TimeMode} time @param {boolean} legs whether legs are named @returns {Columns} */
export function columnsOf(count, space, time, legs) {
  const narrow = space < NARROW;
  const side = narrow ? NARROW_SIDE : SIDE;
  const gutter = narrow ? NARROW_GUTTERS[time] : GUTTERS[time] + (legs ? LEG : 0);
  const share = count > 1 ? (space - gutter - 2 * side) / (count - 1) : 0;
  const step = count > 1 ? Math.min(Math.max(share, narrow ? NARROW_STEP : NARROWEST), WIDEST) : 0;
  const middles = Array.from({ length: count }, (_, index) => Math.round(gutter + side + index * step));
  const width = Math.max(space, (middles.at(-1) ?? gutter) + side);
  return Object.freeze({ gutter, middles, step: step || WIDEST, width, side, narrow, legs });
}
