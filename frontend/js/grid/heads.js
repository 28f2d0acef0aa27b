/** The head of a grid: names, a handle to resize each column, and dragging a name to move it. */
import { become, h } from "../dom.js";
import { GRID } from "../words/grid.js";

/** A pointer that moved less has only clicked. */
const FEW_PX = 5;

/** Room for a glyph, and for a tick beside it. */
const MARK_WIDTH = 30;
const TICK_WIDTH = 14;

/**
 * Return the tracks of all rows: a width that was chosen holds, else columns share what is left.
 * @param {readonly {name: string, least: number, grow?: number}[]} columns @param {readonly import("./choice.js").Chosen[]} chosen @param {boolean} hasTicks
 */
export function tracksOf(columns, chosen, hasTicks) {
  const widths = new Map(chosen.map(({ name, width }) => [name, width]));
  const tracks = columns.map(({ name, least, grow }) => {
    const width = widths.get(name);
    return width ? `${width}px` : grow ? `minmax(${least}px, ${grow}fr)` : `${least}px`;
  });
  return [`${MARK_WIDTH + (hasTicks ? TICK_WIDTH : 0)}px`, ...tracks].join(" ");
}

/** @typedef {{name: string, label: string, look?: string, head?: () => HTMLElement}} Headed a column, as its head needs it */

/**
 * Show the heads of columns behind the first cell of a row, which stays in its place: a menu in it
 * closes when it is moved. Heads of the same columns stay, too: one may have the focus or be pressed.
 * @param {HTMLElement} row @param {readonly Headed[]} columns @param {import("./choice.js").ColumnChoice} choice
 */
export function showHeads(row, columns, choice) {
  const cells = [...row.querySelectorAll("th[data-name]")];
  if (cells.length === columns.length && columns.every(({ name }, index) => cells[index]?.getAttribute("data-name") === name)) {
    columns.forEach(({ head }, index) => head && cells[index] && become(cells[index], [head(), cells[index].lastChild]));
    return;
  }
  cells.forEach((cell) => cell.remove());
  row.append(...columns.map((column, index) => headCell(column, choice, index)));
}

/**
 * Return the head cell of a column.
 * @param {Headed} column @param {import("./choice.js").ColumnChoice} choice @param {number} index
 */
function headCell({ name, label, look = "", head }, choice, index) {
  const handle = h("span", { class: "resize", title: GRID.resize, "aria-hidden": "true", dblclick: () => choice.resize(name, 0) });
  const cell = h("th", { scope: "col", role: "columnheader", class: look, "aria-colindex": index + 2, "data-name": name }, head?.() ?? h("span", { class: "head-name" }, label), handle);
  handle.addEventListener("pointerdown", (event) => resizing(event, cell, (width) => choice.resize(name, width)));
  cell.addEventListener("pointerdown", (event) => moving(event, cell, (by) => choice.move(name, by)));
  return cell;
}

/** @param {PointerEvent} event @param {HTMLElement} cell @param {(width: number) => void} done */
function resizing(event, cell, done) {
  event.stopPropagation();
  event.preventDefault();
  const before = cell.offsetWidth;
  follow(event, cell, (move) => {
    cell.style.width = `${before + move.clientX - event.clientX}px`;
  }, (end) => {
    cell.style.width = "";
    if (end.clientX !== event.clientX) done(before + end.clientX - event.clientX);
  });
}

/** @param {PointerEvent} event @param {HTMLElement} cell @param {(by: number) => void} done */
function moving(event, cell, done) {
  if (event.button || event.pointerType === "touch") return;
  const heads = [...(cell.parentElement?.querySelectorAll("th[data-name]") ?? [])];
  /** @param {PointerEvent} move */
  const target = (move) => heads.find((one) => { const { left, right } = one.getBoundingClientRect(); return move.clientX >= left && move.clientX < right; }) ?? cell;
  const mark = (/** @type {Element | null} */ under) => heads.forEach((one) => one.classList.toggle("drop", one === under && one !== cell));
  follow(event, cell, (move) => {
    const isMoving = Math.abs(move.clientX - event.clientX) > FEW_PX;
    cell.classList.toggle("moving", isMoving);
    mark(isMoving ? target(move) : null);
  }, (end) => {
    cell.classList.remove("moving");
    mark(null);
    const by = heads.indexOf(target(end)) - heads.indexOf(cell);
    if (by && Math.abs(end.clientX - event.clientX) > FEW_PX) done(by);
  });
}

/**
 * Follow a pointer until it is let go.
 * @param {PointerEvent} event @param {HTMLElement} element @param {(event: PointerEvent) => void} move @param {(event: PointerEvent) => void} end
 */
function follow(event, element, move, end) {
  const control = new AbortController();
  const { signal } = control;
  const { ownerDocument: page } = element;
  page.addEventListener("pointermove", move, { signal });
  page.addEventListener("pointerup", (last) => { control.abort(); end(last); }, { signal });
  page.addEventListener("pointercancel", () => { control.abort(); end(event); }, { signal });
}
