/**
 * A grid of rows (https://www.w3.org/WAI/ARIA/apg/patterns/grid/): one tab stop, keys move a
 * selection, a click or Enter opens. Rows only ever grow; a new search is a new grid.
 */
import { h } from "../dom.js";

/**
 * @template T
 * @typedef {object} Column
 * @property {string} name
 * @property {(row: T) => import("../dom.js").Child[]} cells
 * @property {string} [look] classes; `minor` is left out on narrow screens
 * @property {(row: T) => string} [title] the whole text, where the cell may be cut
 * @property {() => HTMLElement} [head] what stands in the head instead of the name
 */

/** @template T */
export class Grid {
  /** @type {HTMLTableRowElement[]} */
  #rows = [];
  #at = -1;

  /**
   * @param {{label: string, look?: string, columns: Column<T>[], hrefOf?: (row: T) => string, keyOf?: (row: T) => string,
   *   open?: (href: string) => void, selected?: (key: string) => void}} options
   */
  constructor(options) {
    this.options = options;
    this.body = h("tbody");
    const heads = options.columns.map(({ name, look = "", head }) => h("th", { scope: "col", role: "columnheader", class: look }, head?.() ?? name));
    this.element = h("table", { class: `grid ${options.look ?? ""}`, role: "grid", "aria-label": options.label },
      h("thead", {}, h("tr", { role: "row" }, ...heads)), this.body);
    this.body.addEventListener("click", (event) => this.#clicked(event));
    this.body.addEventListener("focusin", (event) => {
      const row = event.target instanceof Element ? event.target.closest("tr") : null;
      if (row && row !== this.#rows[this.#at]) this.#select(this.#rows.indexOf(row));
    });
  }

  /** The number of rows. */
  get size() {
    return this.#rows.length;
  }

  /** Append rows. @param {T[]} items */
  add(items) {
    for (const item of items) {
      const row = this.#rowOf(item);
      row.tabIndex = this.#rows.length ? -1 : 0;
      row.setAttribute("aria-rowindex", String(this.#rows.length + 2));
      this.#rows.push(row);
    }
    this.body.append(...this.#rows.slice(-items.length || this.#rows.length));
  }

  /** Move the selection by so many rows, as far as there are rows. @param {number} by */
  move(by) {
    if (!this.#rows.length) return;
    this.#select(Math.min(Math.max(this.#at + by, 0), this.#rows.length - 1));
    this.#rows[this.#at]?.focus();
  }

  /** Select the row with a key, if it is there. @param {string} key */
  selectKey(key) {
    const at = this.#rows.findIndex((row) => row.dataset["key"] === key);
    if (at < 0) return;
    this.#select(at);
    this.#rows[at]?.focus();
  }

  /** Open the selected row. */
  openSelected() {
    const href = this.#rows[this.#at]?.dataset["opens"];
    if (href) this.options.open?.(href);
  }

  /** @param {T} item */
  #rowOf(item) {
    const { columns, hrefOf, keyOf } = this.options;
    const href = hrefOf?.(item);
    const row = h("tr", { role: "row", ...(href && { "data-opens": href, "data-key": keyOf?.(item) ?? href }) });
    columns.forEach(({ name, cells, look = "", title }, index) => {
      const content = cells(item);
      const inside = href && index === 0 ? [h("a", { href, tabindex: -1 }, ...content)] : content;
      row.append(h("td", { role: "gridcell", class: look, "data-name": name, title: title?.(item) }, ...inside));
    });
    return row;
  }

  /** @param {number} at */
  #select(at) {
    const [old, row] = [this.#rows[this.#at], this.#rows[at]];
    (old ?? this.#rows[0])?.setAttribute("tabindex", "-1");
    old?.removeAttribute("aria-selected");
    this.#at = at;
    row?.setAttribute("tabindex", "0");
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
    if (row?.dataset["key"]) this.options.selected?.(row.dataset["key"]);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest("tr");
    // The link in the first cell is followed as any link; marking text opens nothing.
    if (!row?.dataset["opens"] || getSelection()?.toString()) return;
    this.#select(this.#rows.indexOf(row));
    if (target?.closest("a")) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset["opens"]);
    else this.options.open?.(row.dataset["opens"]);
  }
}
