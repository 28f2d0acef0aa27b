/** The words of grids: their columns, marks and ends. */

export const GRID = Object.freeze({
  columns: "Columns", usual: "Usual columns", resize: "Drag to resize, double click to fit", earlier: "earlier", later: "later",
  narrower: "narrower", wider: "wider", tick: "Tick this row", loading: "Loading more …", again: "Try again",
  /** @param {string} title */
  failed: (title) => `More cannot be loaded: ${title}.`,
});
