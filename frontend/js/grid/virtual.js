/**
 * A grid of any number of rows (https://www.w3.org/WAI/ARIA/apg/patterns/grid/), of which those in
 * sight are drawn. One tab stop; keys move a selected row and, inside it, a cell; rows are ticked
 * apart from that.
 */
import { h } from "../dom.js";
import { DrawnRows } from "./drawn.js";
import { listen } from "./hands.js";
import { showHeads, tracksOf } from "./heads.js";
import { Ticks } from "./ticks.js";
import { spanOf, topFor } from "./window.js";

/**
 * @template T
 * @typedef {object} Options
 * @property {string} label
 * @property {string} look its class
 * @property {string} mark what the marks tell
 * @property {() => import("./row.js").Column<T>[]} columns those to show, in order
 * @property {import("./choice.js").ColumnChoice} choice
 * @property {HTMLElement} corner what stands in the head above the marks
 * @property {(row: T) => string} keyOf
 * @property {(row: T) => string} hrefOf "" where a row leads nowhere
 * @property {(row: T) => import("../dom.js").Child[]} markOf what stands before the cells
 * @property {(row: T) => void} open
 * @property {(row: T | null) => void} [selected]
 * @property {() => void} [ticked] the ticked rows are others; without it none can be ticked
 * @property {(left: number) => void} [near] so many rows are left below what is seen
 */

const NONE = -1;

/** @template T */
export class VirtualGrid {
  ticks = new Ticks();
  /** @type {readonly T[]} */
  #rows = [];
  /** @type {import("./row.js").Column<T>[]} */
  #columns = [];
  #at = NONE;
  #cell = NONE;
  #rowHeight = 28;

  /** @param {Options<T>} options */
  constructor(options) {
    this.options = options;
    this.heads = h("tr", { role: "row", "aria-rowindex": 1 },
      h("th", { scope: "col", role: "columnheader", class: "mark", "aria-colindex": 1 }, h("span", { class: "out-of-sight" }, options.mark), options.corner));
    this.body = h("tbody", { role: "rowgroup" });
    /** @type {DrawnRows<T>} */
    this.drawn = new DrawnRows(this.body, { ...options, hasTicks: this.hasTicks, isTicked: (key) => this.ticks.has(key) });
    this.table = h("table", { class: `virtual-grid ${options.look}`, role: "grid", "aria-label": options.label }, h("thead", { role: "rowgroup" }, this.heads), this.body);
    this.element = h("div", { class: "grid-scroll", scroll: () => this.#draw() }, this.table);
    listen(this);
    this.resizes = new ResizeObserver(() => this.#measure());
    this.resizes.observe(this.element);
    options.choice.follow(() => this.showColumns());
    this.showColumns();
  }

  get hasTicks() {
    return this.options.ticked !== undefined;
  }

  /** The selected row, null of none. */
  get selected() {
    return this.#rows[this.#at] ?? null;
  }

  /** The column of the cell that has the focus or was clicked, null of none. */
  get column() {
    return this.#columns[this.#cell] ?? null;
  }

  /**
   * Show rows; what is selected stays so if it is still there.
   * @param {readonly T[]} rows @param {number} total how many there are, also of those not loaded; -1 is not known
   */
  show(rows, total) {
    const key = this.selected && this.options.keyOf(this.selected);
    const isGrowing = this.#rows.length > 0 && this.#rows[0] === rows[0] && this.#rows.length <= rows.length;
    const hadFocus = this.body.contains(document.activeElement);
    this.#rows = rows;
    this.table.setAttribute("aria-rowcount", String(total < 0 ? -1 : total + 1));
    this.#size();
    if (!isGrowing) this.#at = key === null ? NONE : rows.findIndex((row) => this.options.keyOf(row) === key);
    this.#draw();
    if (!hadFocus || isGrowing) return;
    if (this.#at >= 0) this.#focus();
    // The element shows another row now, which nobody chose.
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }

  /** Draw the columns anew, after another choice. */
  showColumns() {
    const { columns, choice } = this.options;
    this.#columns = columns();
    this.#cell = Math.min(this.#cell, this.#columns.length - 1);
    this.table.style.setProperty("--columns", tracksOf(this.#columns, choice.chosen, this.hasTicks));
    this.table.setAttribute("aria-colcount", String(this.#columns.length + 1));
    showHeads(this.heads, this.#columns, choice);
    const hadFocus = this.body.contains(document.activeElement);
    this.drawn.clear();
    this.#measure();
    if (hadFocus && this.selected) this.#focus();
  }

  /** How wide a column is now. @param {string} name */
  widthOf(name) {
    const head = this.heads.querySelector(`[data-name="${CSS.escape(name)}"]`);
    return head instanceof HTMLElement ? head.offsetWidth : 0;
  }

  /** Move the selection by so many rows, as far as there are rows; `Infinity` is the end. @param {number} by @param {boolean} [ticking] */
  move(by, ticking = false) {
    if (!this.#rows.length) return;
    const from = this.#at;
    if (ticking && this.selected && !this.ticks.size) this.tick(true);
    this.#select(Math.min(Math.max(from + by, 0), this.#rows.length - 1));
    if (ticking) this.tick(true);
    this.#focus();
  }

  /** Move by so many pages. @param {number} by */
  movePage(by) {
    this.move(by * Math.max(1, Math.floor(this.#view.height / this.#rowHeight) - 1));
  }

  /** Select the row with a key and bring it into sight, if it is there. @param {string} key */
  selectKey(key) {
    const at = this.#rows.findIndex((row) => this.options.keyOf(row) === key);
    if (at < 0) return;
    this.#select(at);
    this.#focus();
  }

  /** Take the focus, as the tab key would. */
  focus() {
    if (this.#at < 0) this.move(1);
    this.#focus();
  }

  openSelected() {
    if (this.selected) this.options.open(this.selected);
  }

  /** Tick the selected row, or all from the last ticked one to it. @param {boolean} [range] */
  tick(range = false) {
    if (this.selected) this.#tick(this.selected, range);
  }

  clearTicks() {
    this.ticks.clear();
    this.#showTicks();
  }

  /** The rows that are ticked, in the order of the rows. @returns {T[]} */
  get tickedRows() {
    return this.#rows.filter((row) => this.ticks.has(this.options.keyOf(row)));
  }

  leave() {
    this.resizes.disconnect();
  }

  /** @param {T} row @param {boolean} range */
  #tick(row, range) {
    if (!this.hasTicks) return;
    const key = this.options.keyOf(row);
    if (range) this.ticks.extend(key, this.#rows.map((one) => this.options.keyOf(one)));
    else this.ticks.toggle(key);
    this.#showTicks();
  }

  #showTicks() {
    this.drawn.showTicks();
    this.table.classList.toggle("ticking", this.ticks.size > 0);
    this.options.ticked?.();
  }

  /** What is seen of the rows; the head covers some of it. */
  get #view() {
    return { top: this.element.scrollTop, height: this.element.clientHeight - this.heads.offsetHeight, rowHeight: this.#rowHeight };
  }

  #measure() {
    const height = Number.parseFloat(getComputedStyle(this.table).getPropertyValue("--row"));
    if (height > 0) this.#rowHeight = height;
    this.#size();
    this.#draw();
  }

  #size() {
    this.body.style.height = `${this.#rows.length * this.#rowHeight}px`;
  }

  #draw() {
    const { first, end } = spanOf({ ...this.#view, count: this.#rows.length });
    // The tab stop stays in the document wherever the rows are scrolled.
    const stop = Math.max(this.#at, 0);
    const span = Array.from({ length: end - first }, (_, at) => first + at);
    const wanted = !this.#rows.length || (stop >= first && stop < end) ? span : stop < first ? [stop, ...span] : [...span, stop];
    this.drawn.show(wanted, { rows: this.#rows, columns: this.#columns, rowHeight: this.#rowHeight, selected: this.#at, stop });
    if (this.#rows.length) this.options.near?.(this.#rows.length - end);
  }

  /** @param {number} at */
  #select(at) {
    if (at === this.#at) return;
    this.#at = at;
    this.#draw();
    this.options.selected?.(this.selected);
  }

  #focus() {
    const top = topFor(this.#view, this.#at);
    if (top !== this.element.scrollTop) this.element.scrollTop = top;
    const element = this.drawn.at(this.#at);
    const cell = this.#cell >= 0 ? element?.cells[this.#cell + 1] : undefined;
    (cell ?? element)?.focus({ preventScroll: true });
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Tell the whole text of a cell that may be cut. @param {HTMLElement | null} cell */
  explain(cell) {
    const column = this.#columns.find(({ name }) => name === cell?.dataset["name"]);
    const row = cell && column?.title && !cell.title ? this.drawn.rowOf(cell) : null;
    if (row !== null) cell?.setAttribute("title", column?.title?.(row) ?? "");
  }

  /** Select a row without moving the focus, and note which of its cells is meant. @param {number} at @param {number} [cell] */
  point(at, cell) {
    if (cell !== undefined) this.#cell = cell;
    this.#select(at);
  }

  /** Go to the next cell of the row; before the first is the row itself. @param {number} by */
  step(by) {
    if (this.#at < 0) return;
    this.#cell = Math.min(Math.max(this.#cell + by, NONE), this.#columns.length - 1);
    this.#focus();
  }
}
