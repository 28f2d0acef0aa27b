/**
 * The rows of a grid that are in the document. A row that goes out of sight is written anew as one
 * that comes into sight: making elements costs four times as much as changing their texts. While
 * rows are scrolled, the document holds them in any order; at rest in that of their numbers, as
 * those find them who read without seeing.
 */
import { blankRow, showSelected, showTick, writeRow } from "./row.js";

/**
 * @template T
 * @typedef {object} Content
 * @property {(row: T) => string} keyOf
 * @property {(row: T) => string} hrefOf
 * @property {(row: T) => import("../dom.js").Child[]} markOf
 * @property {boolean} hasTicks
 * @property {(key: string) => boolean} isTicked
 */

/**
 * @template T
 * @typedef {{rows: readonly T[], columns: readonly import("./row.js").Column<T>[], rowHeight: number, selected: number, stop: number}} Wish `stop` is the row that Tab goes to
 */

/** So long nothing may move before the order is put right. */
const REST_MS = 120;

/** @template T */
export class DrawnRows {
  /** @type {Map<number, {element: HTMLTableRowElement, row: T, top: number}>} */
  #drawn = new Map();
  #timer = 0;

  /** @param {HTMLElement} body @param {Content<T>} content */
  constructor(body, content) {
    this.body = body;
    this.content = content;
  }

  /** @param {number} index */
  at(index) {
    return this.#drawn.get(index)?.element;
  }

  /** Forget all; they are made anew when next they are wanted. */
  clear() {
    clearTimeout(this.#timer);
    this.#drawn.clear();
    this.body.replaceChildren();
  }

  /** Have these rows in the document, and no others. @param {readonly number[]} wanted numbers, ascending @param {Wish<T>} wish */
  show(wanted, { rows, columns, rowHeight, selected, stop }) {
    const free = this.#free(new Set(wanted));
    for (const index of wanted) {
      const row = /** @type {T} */ (rows[index]);
      const before = this.#drawn.get(index);
      const top = index * rowHeight;
      const element = before?.element ?? free.shift() ?? this.body.appendChild(blankRow(columns, this.content.hasTicks));
      if (before?.top !== top) element.style.transform = `translateY(${top}px)`;
      if (before?.row !== row) this.#write(element, row, index, columns);
      showSelected(element, index === selected, index === stop);
      this.#drawn.set(index, { element, row, top });
    }
    for (const element of free) element.remove();
    clearTimeout(this.#timer);
    const order = wanted.map((index) => /** @type {HTMLTableRowElement} */ (this.at(index)));
    if (order.some((element, at) => element.nextElementSibling !== (order[at + 1] ?? null))) this.#timer = setTimeout(() => this.#sort(order), REST_MS);
  }

  /** Show which rows are ticked. */
  showTicks() {
    for (const { element, row } of this.#drawn.values()) showTick(element, this.content.isTicked(this.content.keyOf(row)));
  }

  /** The row that an element is in, null of none. @param {Element} element @returns {T | null} */
  rowOf(element) {
    for (const one of this.#drawn.values()) if (one.element.contains(element)) return one.row;
    return null;
  }

  /** Take the rows that are not wanted from their numbers. @param {ReadonlySet<number>} wanted */
  #free(wanted) {
    const free = [];
    for (const [index, { element }] of this.#drawn) {
      if (wanted.has(index)) continue;
      free.push(element);
      this.#drawn.delete(index);
    }
    return free;
  }

  /** @param {HTMLTableRowElement} element @param {T} row @param {number} index @param {readonly import("./row.js").Column<T>[]} columns */
  #write(element, row, index, columns) {
    const { keyOf, hrefOf, markOf, isTicked } = this.content;
    const key = keyOf(row);
    writeRow(element, { row, index, columns, key, href: hrefOf(row), mark: markOf(row) });
    showTick(element, isTicked(key));
  }

  /** Put elements into this order around one that is not moved, as moving would take its focus. @param {readonly HTMLElement[]} order */
  #sort(order) {
    const focused = order.findIndex((element) => element.contains(document.activeElement));
    const still = focused >= 0 ? focused : order.length >> 1;
    for (let at = still + 1; at < order.length; at += 1) {
      const [before, element] = [order[at - 1], order[at]];
      if (element && before?.nextElementSibling !== element) before?.after(element);
    }
    for (let at = still - 1; at >= 0; at -= 1) {
      const [element, after] = [order[at], order[at + 1]];
      if (element && after?.previousElementSibling !== element) after?.before(element);
    }
  }
}
