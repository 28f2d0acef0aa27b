/** A grid whose columns the reader chooses and keeps; on a phone rows have two lines of fixed ones. */
import { ColumnChoice } from "./choice.js";
import { columnMenu } from "./menu.js";
import { VirtualGrid } from "./virtual.js";

const IS_NARROW = "(max-width: 719px)";

/**
 * Return the grid and its columns; `make` makes all of them by name, anew at each refresh.
 * @template T
 * @template {import("./row.js").Column<T>} C
 * @param {Omit<import("./virtual.js").Options<T>, "columns" | "choice" | "corner"> & {kept: string, make: () => Map<string, C>, usual: ReadonlySet<string>, narrow: readonly string[]}} options
 */
export function chosenGrid({ kept, make, usual, narrow, ...options }) {
  let all = make();
  const choice = new ColumnChoice(kept, [...all.values()].map(({ name, least }) => ({ name, least, usual: usual.has(name) })));
  const phone = matchMedia(IS_NARROW);
  const columns = () => (phone.matches ? narrow : choice.chosen.map(({ name }) => name)).map((name) => all.get(name)).filter((column) => column !== undefined);
  /** @type {VirtualGrid<T>} */
  const grid = new VirtualGrid({ ...options, columns, choice, corner: columnMenu(choice, (name) => all.get(name)?.label ?? name, (name) => grid.widthOf(name)) });
  const refresh = () => {
    all = make();
    grid.showColumns();
  };
  phone.addEventListener("change", refresh);
  return {
    grid, columns, all: () => all, refresh,
    leave: () => { phone.removeEventListener("change", refresh); grid.leave(); },
  };
}
