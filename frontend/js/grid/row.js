/** One row of a grid: its mark and tick, and a cell per column. Elements are made once and written often. */
import { become, h } from "../dom.js";
import { GRID } from "../words/grid.js";

/**
 * @template T
 * @typedef {object} Column
 * @property {string} name
 * @property {string} label
 * @property {number} least px below which it is not made narrower by itself
 * @property {number} [grow] its part of the space that is left, 0 for none
 * @property {string} [look] classes
 * @property {(row: T) => import("../dom.js").Child[]} cells nothing that listens: elements are used again
 * @property {(row: T) => string} [title] the whole text, where the cell may be cut
 * @property {() => HTMLElement} [head] what stands in the head instead of the label
 */

/**
 * Return a row with nothing in it.
 * @template T
 * @param {readonly Column<T>[]} columns @param {boolean} hasTicks
 */
export function blankRow(columns, hasTicks) {
  return h("tr", { role: "row", tabindex: -1 },
    h("td", { role: "gridcell", class: "mark", "aria-colindex": 1, tabindex: -1 }, hasTicks && h("span", { class: "tick", role: "checkbox", "aria-checked": "false", "aria-label": GRID.tick }), h("span", { class: "mark-look" })),
    ...columns.map(({ name, label, look = "" }, at) => h("td", { role: "gridcell", class: look, "data-name": name, "data-label": label, "aria-colindex": at + 2, tabindex: -1 }, at === 0 && h("a", { tabindex: -1 }))));
}

/**
 * Make a blank or another row this one.
 * @template T
 * @param {HTMLTableRowElement} element @param {{row: T, index: number, columns: readonly Column<T>[], key: string, href: string, mark: import("../dom.js").Child[]}} parts
 */
export function writeRow(element, { row, index, columns, key, href, mark }) {
  element.setAttribute("aria-rowindex", String(index + 2));
  element.dataset["key"] = key;
  const [markCell, ...cells] = element.cells;
  if (markCell?.lastElementChild) become(markCell.lastElementChild, mark);
  cells.forEach((cell, at) => {
    const link = at === 0 ? cell.firstElementChild : null;
    if (href) link?.setAttribute("href", href);
    else link?.removeAttribute("href");
    become(link ?? cell, columns[at]?.cells(row) ?? []);
    // Told anew when next the pointer comes.
    if (cell.title) cell.removeAttribute("title");
  });
}

/** @param {Element} element @param {boolean} isTicked */
export function showTick(element, isTicked) {
  if (element.classList.contains("ticked") === isTicked) return;
  element.classList.toggle("ticked", isTicked);
  element.querySelector(".tick")?.setAttribute("aria-checked", String(isTicked));
}

/** A selected row is the one tab stop of its grid. @param {Element} element @param {boolean} isSelected @param {boolean} [isStop] */
export function showSelected(element, isSelected, isStop = isSelected) {
  const tabindex = isStop ? "0" : "-1";
  if (element.getAttribute("tabindex") !== tabindex) element.setAttribute("tabindex", tabindex);
  if (isSelected) element.setAttribute("aria-selected", "true");
  else element.removeAttribute("aria-selected");
}
