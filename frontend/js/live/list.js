/**
 * A list that changes while it is read: newest first, bounded, one tab stop. While the pointer or
 * the focus is inside, or it is scrolled, rows keep their places: new ones wait.
 */
import { h } from "../dom.js";

/**
 * @template T
 * @typedef {{name: string, look?: string, cells: (item: T) => import("../dom.js").Child[], title?: (item: T) => string}} Column
 */
/**
 * @template T
 * @typedef {object} Options
 * @property {string} label
 * @property {readonly Column<T>[]} columns
 * @property {(item: T) => string} keyOf
 * @property {(item: T) => string | null} hrefOf
 * @property {(href: string) => void} open
 * @property {(isHeld: boolean) => void} held told when rows begin or cease to keep their places
 * @property {(item: T) => string} stampOf what a row shows: it is written anew when this changes
 */

/** So far may one scroll and still be at the top. */
const TOP_PX = 8;

/** @template T */
export class LiveList {
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();
  /** @type {WeakMap<HTMLTableRowElement, string>} */
  #stamps = new WeakMap();
  #isInside = false;
  #wasHeld = false;

  /** @param {Options<T>} options */
  constructor(options) {
    this.options = options;
    this.body = h("tbody");
    const heads = options.columns.map(({ name, look = "" }) => h("th", { scope: "col", role: "columnheader", class: look }, name));
    const table = h("table", { class: "grid", role: "grid", "aria-label": options.label }, h("thead", {}, h("tr", { role: "row" }, ...heads)), this.body);
    this.element = h("div", { class: "live-rows" }, table);
    const { element } = this;
    element.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") this.#inside(true); });
    element.addEventListener("pointerleave", () => this.#inside(false));
    for (const name of ["focusin", "focusout", "scroll"]) element.addEventListener(name, () => queueMicrotask(() => this.#tell()));
    this.body.addEventListener("click", (event) => this.#clicked(event));
    this.body.addEventListener("focusin", (event) => this.#focused(event.target));
  }

  /** Whether rows keep their places. */
  get isHeld() {
    return this.#isInside || this.element.contains(document.activeElement) || this.element.scrollTop > TOP_PX;
  }

  get size() {
    return this.#rows.size;
  }

  /** @param {string} key */
  has(key) {
    return this.#rows.has(key);
  }

  /** Show these and no others, in their order; rows that stay are written anew. @param {readonly T[]} items */
  show(items) {
    const { keyOf } = this.options;
    /** @type {Map<string, HTMLTableRowElement>} */
    const rows = new Map();
    for (const item of items) rows.set(keyOf(item), this.#written(item));
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    this.#rows = rows;
    this.#place(new Set(rows.values()));
    if (focused instanceof HTMLElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
    this.#keepTabStop();
  }

  /** Write rows anew that are there, in their places. @param {readonly T[]} items */
  update(items) {
    for (const item of items) if (this.has(this.options.keyOf(item))) this.#written(item);
  }

  /** Call back for each row's cells of a look. @param {string} look @param {(cell: Element, key: string) => void} each */
  cells(look, each) {
    for (const [key, row] of this.#rows) {
      const cell = row.querySelector(`.${look}`);
      if (cell) each(cell, key);
    }
  }

  /** Go back to the newest, and out of the list. */
  toTop() {
    this.element.scrollTop = 0;
    this.leave();
  }

  /** Give the focus up, if it is inside. */
  leave() {
    if (document.activeElement instanceof HTMLElement && this.element.contains(document.activeElement)) document.activeElement.blur();
  }

  /** Move the focus by so many rows, as far as there are rows. @param {number} by */
  move(by) {
    const rows = [...this.body.rows];
    const at = rows.findIndex((row) => row === document.activeElement);
    rows[Math.min(Math.max(at < 0 && by > 0 ? 0 : at + by, 0), rows.length - 1)]?.focus();
  }

  /** Open the row that has the focus. */
  openFocused() {
    const row = document.activeElement;
    if (row instanceof HTMLTableRowElement && this.body.contains(row) && row.dataset["opens"]) this.options.open(row.dataset["opens"]);
  }

  /** @param {T} item */
  #written(item) {
    const { columns, keyOf, hrefOf, stampOf } = this.options;
    const [href, stamp] = [hrefOf(item), stampOf(item)];
    const known = this.#rows.get(keyOf(item));
    if (known && this.#stamps.get(known) === stamp) return known;
    const row = known ?? h("tr", { role: "row", tabindex: -1, ...(href && { "data-opens": href }) });
    row.replaceChildren(...columns.map(({ name, cells, look = "", title }, index) => {
      const content = cells(item);
      const inside = href && index === 0 ? [h("a", { href, tabindex: -1 }, ...content)] : content;
      return h("td", { role: "gridcell", class: look, "data-name": name, title: title?.(item) }, ...inside);
    }));
    this.#stamps.set(row, stamp);
    return row;
  }

  /** Let these rows stand in their order. Those that stay are not touched: to lay all out anew takes far longer. @param {Set<HTMLTableRowElement>} rows */
  #place(rows) {
    for (const row of [...this.body.rows]) if (!rows.has(row)) row.remove();
    let next = this.body.firstElementChild;
    for (const row of rows) {
      if (row === next) next = row.nextElementSibling;
      else this.body.insertBefore(row, next);
    }
  }

  /** @param {boolean} isInside */
  #inside(isInside) {
    this.#isInside = isInside;
    this.#tell();
  }

  #tell() {
    if (this.#wasHeld === this.isHeld) return;
    this.#wasHeld = this.isHeld;
    this.options.held(this.isHeld);
  }

  #keepTabStop() {
    if (!this.body.querySelector("tr[tabindex='0']")) this.body.rows[0]?.setAttribute("tabindex", "0");
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    const row = target instanceof Element ? target.closest("tr") : null;
    for (const old of this.body.querySelectorAll("tr[tabindex='0']")) old.setAttribute("tabindex", "-1");
    row?.setAttribute("tabindex", "0");
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = event.target instanceof Element ? event.target : null;
    const href = target?.closest("tr")?.dataset["opens"];
    // The link in the first cell is followed as any link; marking text opens nothing.
    if (!href || target?.closest("a") || getSelection()?.toString()) return;
    if (event.ctrlKey || event.metaKey) window.open(href);
    else this.options.open(href);
  }
}
