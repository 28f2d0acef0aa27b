/** The words of charts: how they are read, and the numbers behind them. */

export const CHARTS = Object.freeze({
  /** @param {string} title */
  slider: (title) => `${title}, over time`,
  nothing: "nothing", table: "Table", time: "Time", csv: "CSV",
  /** @param {string} title */
  numbers: (title) => `Numbers of ${title}`,
});

/** Lengths of time, as steps have them. */
export const STEPS = Object.freeze({
  /** @param {number} count */
  seconds: (count) => `${count} s`,
  /** @param {number} count */
  minutes: (count) => `${count} min`,
  /** @param {number} count */
  hours: (count) => `${count} h`,
  day: "day",
  /** @param {number} count */
  days: (count) => `${count} days`,
});
