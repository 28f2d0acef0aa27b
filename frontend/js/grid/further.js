/** The pages behind the first one: loaded ahead of the reader, with how that goes below the rows. */
import { Tail } from "./tail.js";

/** Rows are loaded when fewer than these are left below what is seen. */
const AHEAD = 50;

/** @template T */
export class Further {
  #control = new AbortController();
  /** @type {import("./paged.js").PagedRows<T> | null} */
  #rows = null;

  /** @param {(rows: import("./paged.js").PagedRows<T>) => void} draw is called with rows that are to be shown */
  constructor(draw) {
    this.draw = draw;
    this.tail = new Tail(() => void this.#more());
  }

  /** Show rows, and go on with the pages behind them. @param {import("./paged.js").PagedRows<T>} rows */
  follow(rows) {
    this.#rows = rows;
    this.draw(rows);
  }

  /** So many rows are left below what is seen. @param {number} left */
  near(left) {
    if (left < AHEAD) void this.#more();
  }

  /** End what is under way. */
  stop() {
    this.#control.abort();
    this.#control = new AbortController();
    this.tail.done();
  }

  async #more() {
    const rows = this.#rows;
    const { signal } = this.#control;
    if (!rows?.isPartial) return;
    this.tail.loading();
    try {
      await rows.more(signal);
      if (signal.aborted || rows !== this.#rows) return;
      this.tail.done();
      this.draw(rows);
    } catch (error) {
      if (!signal.aborted) this.tail.failed(error);
    }
  }
}
