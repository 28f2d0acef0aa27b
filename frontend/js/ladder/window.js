/**
 * The rows of a list that are drawn: those in sight and some around them. What stays is never
 * moved, since it may have the focus; new rows go before or after it.
 */

export class RowWindow {
  /** @type {Map<number, HTMLElement>} */
  #drawn = new Map();

  /** @param {HTMLElement} list @param {(index: number) => HTMLElement} draw */
  constructor(list, draw) {
    this.list = list;
    this.draw = draw;
  }

  /** Draw the rows from `first` to before `end`, and nothing else. @param {number} first @param {number} end */
  show(first, end) {
    for (const [index, element] of this.#drawn) {
      if (index >= first && index < end) continue;
      element.remove();
      this.#drawn.delete(index);
    }
    const kept = Math.min(...this.#drawn.keys());
    /** @type {HTMLElement[]} */
    const before = [];
    /** @type {HTMLElement[]} */
    const after = [];
    for (let index = first; index < end; index += 1) {
      if (this.#drawn.has(index)) continue;
      const element = this.draw(index);
      this.#drawn.set(index, element);
      (index < kept ? before : after).push(element);
    }
    this.list.prepend(...before);
    this.list.append(...after);
  }

  /** Draw a row again if it is drawn; the focus in it is lost. @param {number} index */
  again(index) {
    const old = this.#drawn.get(index);
    if (!old) return;
    const element = this.draw(index);
    old.replaceWith(element);
    this.#drawn.set(index, element);
  }

  /** Forget everything drawn. */
  clear() {
    this.#drawn.clear();
    this.list.replaceChildren();
  }
}
