/**
 * Looks again while calls of the range wait to be counted: they are some seconds after their last
 * message. What is shown stays as it is until then, and a look that fails is tried again.
 */
import { loadOverview } from "./data.js";

/** @typedef {import("./data.js").Overview} Overview */
/** @typedef {import("../charts/bins.js").Bins} Bins */

const LEAST_MS = 3000;

/** Of the time, at most one part in so many is spent on looking. */
const SHARE = 20;

export class Recount {
  #timer = 0;
  #control = new AbortController();

  /** @param {(overview: Overview) => void} seen */
  constructor(seen) {
    this.seen = seen;
  }

  /** Look from now on, for as long as the answers say that some calls wait. @param {Bins} bins @param {string} node */
  begin(bins, node) {
    this.end();
    this.#control = new AbortController();
    this.#wait(bins, node, 0);
  }

  end() {
    clearTimeout(this.#timer);
    this.#control.abort();
  }

  /** @param {Bins} bins @param {string} node @param {number} tookMs how long the last look took */
  #wait(bins, node, tookMs) {
    this.#timer = setTimeout(() => void this.#look(bins, node, tookMs), Math.max(LEAST_MS, tookMs * SHARE));
  }

  /** @param {Bins} bins @param {string} node @param {number} tookMs */
  async #look(bins, node, tookMs) {
    const { signal } = this.#control;
    // What nobody sees need not be fresh.
    if (document.hidden) return this.#wait(bins, node, tookMs);
    const began = performance.now();
    let isWaiting = true;
    try {
      const overview = await loadOverview(bins, node, signal);
      if (signal.aborted) return undefined;
      this.seen(overview);
      isWaiting = overview.is_measuring;
    } catch {
      if (signal.aborted) return undefined;
    }
    if (isWaiting) this.#wait(bins, node, performance.now() - began);
    return undefined;
  }
}
