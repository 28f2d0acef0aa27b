/** Looks from time to time how many calls have come since the rows were loaded. */

const EVERY_MS = 5000;

export class Newcomers {
  #timer = 0;
  #control = new AbortController();
  #isAsking = false;

  /** @param {{count: (signal: AbortSignal) => Promise<number>, found: (count: number) => void}} options `count` asks the API */
  constructor(options) {
    this.options = options;
  }

  /** Look from now on, until `stop`. */
  start() {
    this.stop();
    this.#control = new AbortController();
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#control.abort();
  }

  async #look() {
    // Nobody looks at a page in the background, and a slow server is not asked twice.
    if (document.hidden || this.#isAsking) return;
    const { signal } = this.#control;
    this.#isAsking = true;
    try {
      const count = await this.options.count(signal);
      if (!signal.aborted && count) this.options.found(count);
    } catch {
      // The next look may do better; the rows that are shown are still right.
    }
    this.#isAsking = false;
  }
}
