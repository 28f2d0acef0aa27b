/** What the last ten minutes were like, in steps of five seconds, from the `calls` events. No document. */

/** @typedef {{fault: number, rejected: number, no_reply: number}} Failures */
/** @typedef {{now: number, starting_per_s: number, failures: Failures}} Tally */
/** @typedef {import("../charts/scale.js").Numbers} Numbers */

export const STEP_MS = 5000;
const STEPS = 120;

/** Failures are counted over a minute, so a bar for each quarter of one says enough. */
const BAR_STEPS = 3;

export class Course {
  /** By step since the epoch; the last tally of a step counts. @type {Map<number, Tally>} */
  #tallies = new Map();

  /** @param {Tally} tally @param {number} atMs */
  add({ now, starting_per_s, failures }, atMs) {
    const step = Math.floor(atMs / STEP_MS);
    this.#tallies.set(step, { now, starting_per_s, failures });
    for (const old of this.#tallies.keys()) if (old <= step - STEPS - BAR_STEPS) this.#tallies.delete(old);
  }

  /** Return a value of each step up to a moment, null where nothing was heard. @param {number} atMs @param {(tally: Tally) => number} value @returns {Numbers} */
  values(atMs, value) {
    const last = Math.floor(atMs / STEP_MS);
    return Array.from({ length: STEPS }, (_, index) => {
      const tally = this.#tallies.get(last - STEPS + 1 + index);
      return tally ? value(tally) : null;
    });
  }

  /** Return the same for bars, each of the last tally within. @param {number} atMs @param {(tally: Tally) => number} value @returns {Numbers} */
  bars(atMs, value) {
    const values = this.values(atMs, value);
    return Array.from({ length: STEPS / BAR_STEPS }, (_, index) =>
      values.slice(index * BAR_STEPS, (index + 1) * BAR_STEPS).findLast((one) => one !== null) ?? null);
  }
}
