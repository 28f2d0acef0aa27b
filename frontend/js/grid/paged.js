/** The rows of one list of the API, loaded page by page. */
import { API, get } from "../api.js";

/** The first page is there at once; those behind it are loaded ahead of the reader. */
const FIRST_PAGE = 100;
const FURTHER_PAGE = 500;

/** @template T */
export class PagedRows {
  /** @type {T[]} */
  items = [];
  /** @type {string | null} */
  #cursor = null;
  /** @type {Promise<void> | null} */
  #loading = null;

  /** @param {string} path below the API @param {URLSearchParams} query */
  constructor(path, query) {
    this.path = path;
    this.query = query;
  }

  /** Whether there are more rows to load. */
  get isPartial() {
    return this.#cursor !== null;
  }

  /** Load the first page; rejects as `get` does. @param {AbortSignal} signal */
  async begin(signal) {
    this.#take(await this.ask({ limit: String(FIRST_PAGE) }, signal));
  }

  /** Load the next page, if there is one; one at a time. @param {AbortSignal} signal */
  more(signal) {
    this.#loading ??= this.#more(signal).finally(() => { this.#loading = null; });
    return this.#loading;
  }

  /** Ask the same with other parameters. @param {Record<string, string>} change @param {AbortSignal} signal @returns {Promise<import("../api.js").List<T>>} */
  ask(change, signal) {
    const query = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(change)) query.set(name, value);
    return get(`${API}/${this.path}`, query, signal);
  }

  /** @param {AbortSignal} signal */
  async #more(signal) {
    if (this.#cursor !== null) this.#take(await this.ask({ limit: String(FURTHER_PAGE), cursor: this.#cursor }, signal));
  }

  /** @param {import("../api.js").List<T>} page */
  #take({ items, next_cursor: cursor }) {
    // A list of its own each time: the grid tells growth by the rows it knows.
    this.items = [...this.items, ...items];
    this.#cursor = cursor;
  }
}
