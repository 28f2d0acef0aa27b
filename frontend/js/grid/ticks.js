/** The rows that are ticked, by key, in the order in which they were; ranges start at the last one. */

export class Ticks {
  /** @type {Set<string>} */
  #keys = new Set();
  #anchor = "";

  get size() {
    return this.#keys.size;
  }

  /** @returns {string[]} */
  get keys() {
    return [...this.#keys];
  }

  /** @param {string} key */
  has(key) {
    return this.#keys.has(key);
  }

  /** @param {string} key */
  toggle(key) {
    if (!this.#keys.delete(key)) this.#keys.add(key);
    this.#anchor = key;
  }

  /**
   * Tick everything from the last one to this one.
   * @param {string} key @param {readonly string[]} all keys of the rows, in their order
   */
  extend(key, all) {
    const to = all.indexOf(key);
    const anchor = all.indexOf(this.#anchor);
    const from = anchor < 0 ? to : anchor;
    for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) this.#keys.add(one);
    if (anchor < 0) this.#anchor = key;
  }

  clear() {
    this.#keys.clear();
    this.#anchor = "";
  }
}
