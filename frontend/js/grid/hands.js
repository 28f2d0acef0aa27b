/**
 * Pointer and keys inside a grid. A click selects, a double click opens, by touch a tap opens; a
 * click on the mark, or with Ctrl or Shift, ticks. Arrows go to cells, with Shift they tick.
 */

/** @param {import("./virtual.js").VirtualGrid<any>} grid */
export function listen(grid) {
  const { body, table } = grid;
  body.addEventListener("click", (event) => clicked(grid, event));
  body.addEventListener("dblclick", (event) => {
    if (rowAt(event.target) !== null && !elementOf(event.target)?.closest("a, .mark")) grid.openSelected();
  });
  body.addEventListener("focusin", (event) => {
    const at = rowAt(event.target);
    if (at !== null) grid.point(at);
  });
  body.addEventListener("pointerover", ({ target }) => grid.explain(elementOf(target)?.closest("td") ?? null));
  table.addEventListener("keydown", (event) => pressed(grid, event));
}

/** @param {import("./virtual.js").VirtualGrid<any>} grid @param {MouseEvent} event */
function clicked(grid, event) {
  const at = rowAt(event.target);
  const target = elementOf(event.target);
  // The link in the first cell is followed as any link; marking text is no wish to do anything.
  if (at === null || !target || target.closest("a")) return;
  const isByTouch = event instanceof PointerEvent && event.pointerType === "touch";
  const isTicking = grid.hasTicks && (Boolean(target.closest(".mark")) || event.ctrlKey || event.metaKey || event.shiftKey);
  const cell = target.closest("td");
  grid.point(at, cell ? cell.cellIndex - 1 : undefined);
  if (isTicking) {
    getSelection()?.removeAllRanges();
    grid.tick(event.shiftKey);
  }
  if (!getSelection()?.toString()) grid.focus();
  if (isByTouch && !isTicking) grid.openSelected();
}

/** @param {import("./virtual.js").VirtualGrid<any>} grid @param {KeyboardEvent} event */
function pressed(grid, event) {
  const { key, shiftKey } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (shiftKey && (key === "ArrowDown" || key === "ArrowUp")) grid.move(key === "ArrowDown" ? 1 : -1, grid.hasTicks);
  else if (key === "ArrowRight" || key === "ArrowLeft") grid.step(key === "ArrowRight" ? 1 : -1);
  else return;
  event.preventDefault();
}

/** @param {EventTarget | null} target */
const elementOf = (target) => (target instanceof Element ? target : null);

/** The number of the row that something is in. @param {EventTarget | null} target */
function rowAt(target) {
  const row = elementOf(target)?.closest("tr");
  return row ? Number(row.getAttribute("aria-rowindex")) - 2 : null;
}
