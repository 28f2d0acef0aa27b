/** Words of the time range. */

const UNITS = Object.freeze({ m: ["minute", "minutes"], h: ["hour", "hours"], d: ["day", "days"] });

export const RANGE_WORDS = Object.freeze({
  label: "Time range",
  everything: "Everything stored",
  /** @param {string} start */
  since: (start) => `since ${start}`,
  /** @param {number} count @param {"m" | "h" | "d"} unit */
  last: (count, unit) => (count === 1 ? `Last ${UNITS[unit][0]}` : `Last ${count} ${UNITS[unit][1]}`),
  earlier: "Earlier, by as much",
  later: "Later, by as much",
  wider: "Twice as long",
  usual: "Usual ranges",
  from: "From",
  to: "To",
  now: "now",
  /** @param {string} name */
  calendar: (name) => `${name}, by calendar`,
  fromExample: "-3h, 14:05, yesterday 14:00",
  toExample: "now",
  /** @param {string} zone */
  help: (zone) => `Times are of ${zone}. 14:05, yesterday 14:00, 2026-11-23 14:05:10, -3h, or RFC 3339.`,
  show: "Show",
  notUnderstood: "Not understood. Try 14:05, yesterday 14:00, 2026-11-23 14:05:10 or -3h.",
  needsBegin: "A range needs a begin.",
  turned: "It ends before it begins.",
  /** @param {string} time */
  gap: (time) => `Clocks went forward and never showed this; ${time} is meant.`,
  /** @param {string} first @param {string} second */
  overlap: (first, second) => `Clocks went back and showed this twice. The first, ${first}, is meant; for the second write ${second}.`,
});
