/** Which rows of many are drawn: those in sight and some around them. Numbers only, no document. */

/** @typedef {Readonly<{first: number, end: number}>} Span rows from first up to, not including, end */

/** Drawn beyond both edges, so that a step of the wheel shows no gap. */
const AROUND = 14;

/**
 * @param {{top: number, height: number, rowHeight: number, count: number}} view what is scrolled away above, what is seen, in px
 * @returns {Span}
 */
export function spanOf({ top, height, rowHeight, count }) {
  const first = Math.max(0, Math.floor(top / rowHeight) - AROUND);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + AROUND);
  return Object.freeze({ first: Math.min(first, end), end });
}

/**
 * Return where to scroll so that a row is in sight, moving as little as can be.
 * @param {{top: number, height: number, rowHeight: number}} view `height` without what covers rows @param {number} row
 */
export function topFor({ top, height, rowHeight }, row) {
  const [above, below] = [row * rowHeight, (row + 1) * rowHeight - height];
  return Math.min(above, Math.max(top, below));
}
