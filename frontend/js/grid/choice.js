/** Which columns are shown, in which order and how wide: chosen by the reader and kept. */
import { keep, kept } from "../kept.js";

/** @typedef {Readonly<{name: string, width?: number}>} Chosen */
/** @typedef {Readonly<{name: string, least: number, usual?: boolean}>} Known a column that there is; `usual` ones come first */

const LEAST_WIDTH = 40;
const MOST_WIDTH = 900;

export class ColumnChoice {
  /** @type {Chosen[]} */
  #chosen;
  /** @type {(() => void)[]} */
  #followers = [];

  /** @param {string} key under which it is kept @param {readonly Known[]} known */
  constructor(key, known) {
    this.key = key;
    this.known = known;
    this.#chosen = this.#readable(kept(key, /** @type {unknown[]} */ ([])));
  }

  get chosen() {
    return this.#chosen;
  }

  /** Be told of every change. @param {() => void} follower */
  follow(follower) {
    this.#followers.push(follower);
  }

  /** @param {string} name */
  has(name) {
    return this.#chosen.some((one) => one.name === name);
  }

  /** Show or hide a column; the last one stays. @param {string} name */
  toggle(name) {
    if (!this.has(name)) this.#set([...this.#chosen, { name }]);
    else if (this.#chosen.length > 1) this.#set(this.#chosen.filter((one) => one.name !== name));
  }

  /** Move a column by so many places. @param {string} name @param {number} by */
  move(name, by) {
    const from = this.#chosen.findIndex((one) => one.name === name);
    const moved = this.#chosen[from];
    if (!moved) return;
    const others = this.#chosen.filter((one) => one !== moved);
    others.splice(Math.min(Math.max(from + by, 0), others.length), 0, moved);
    this.#set(others);
  }

  /** Give a column a width in px; 0 leaves it to the space there is. @param {string} name @param {number} width */
  resize(name, width) {
    const whole = Math.min(Math.max(Math.round(width), LEAST_WIDTH), MOST_WIDTH);
    this.#set(this.#chosen.map((one) => (one.name !== name ? one : width ? { name, width: whole } : { name })));
  }

  /** Back to the usual columns. */
  reset() {
    this.#set(this.#usual);
    keep(this.key, undefined);
  }

  get #usual() {
    return this.known.filter(({ usual }) => usual).map(({ name }) => Object.freeze({ name }));
  }

  /** @param {Chosen[]} chosen */
  #set(chosen) {
    this.#chosen = chosen.map((one) => Object.freeze(one));
    keep(this.key, this.#chosen);
    this.#followers.forEach((follower) => follower());
  }

  /** What an older version or another tab kept may hold anything. @param {unknown[]} stored */
  #readable(stored) {
    const names = new Set(this.known.map(({ name }) => name));
    /** @type {Chosen[]} */
    const chosen = [];
    for (const one of stored) {
      const { name, width } = /** @type {Partial<Chosen>} */ (Object(one));
      if (typeof name !== "string" || !names.delete(name)) continue;
      const isWidth = typeof width === "number" && width >= LEAST_WIDTH && width <= MOST_WIDTH;
      chosen.push(Object.freeze(isWidth ? { name, width } : { name }));
    }
    return chosen.length ? chosen : this.#usual;
  }
}
