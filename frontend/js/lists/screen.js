/** A screen that is one list of the API: a grid of its rows, with the states that every list has. */
import { readAddress } from "../address.js";
import { Problem } from "../api.js";
import { find, h } from "../dom.js";
import { chosenGrid } from "../grid/chosen.js";
import { Further } from "../grid/further.js";
import { PagedRows } from "../grid/paged.js";
import { stepAction, useKeys } from "../keys.js";
import { Loader } from "../loading.js";
import { go, noteAddress } from "../router.js";
import { failAbove, failureCard, stateCard, strangerNotes } from "../states.js";
import { LIST } from "../words/lists.js";
import { STATE_WORDS } from "../words/states.js";

/** @typedef {import("../address.js").Values} Values */

/**
 * What a list is. `columns` makes all there can be, those of `usual` are shown at first, those of
 * `narrow` on a phone; `query` is what is asked for, given the parameters of the link; `above`
 * brings what stands above the rows, asked for beside them; `head` stands there from the start.
 * @template T
 * @typedef {object} Options
 * @property {string} path below the API
 * @property {string} label
 * @property {(values: Values) => URLSearchParams} query
 * @property {() => import("../grid/row.js").Column<T>[]} columns
 * @property {ReadonlySet<string>} usual
 * @property {readonly string[]} narrow
 * @property {(row: T) => string} keyOf
 * @property {(row: T) => string} hrefOf
 * @property {(row: T) => import("../dom.js").Child[]} markOf
 * @property {string} mark what the marks tell
 * @property {Record<string, import("../address.js").Parameter>} [parameters]
 * @property {(values: Values) => HTMLElement} [head]
 * @property {(values: Values) => string} [address] of these values; goes with `fit`
 * @property {(values: Values, signal: AbortSignal) => Promise<Values>} [fit] what is shown where the link leaves a choice to us; the same values where it does not
 * @property {(values: Values, signal: AbortSignal) => Promise<Node[]>} [above]
 * @property {Readonly<{title: string, text: string[]}>} empty
 * @property {(values: Values, signal: AbortSignal) => Promise<{text: string[], steps: import("../states.js").Step[]}>} [elsewhere] says where something is, if nothing is here
 */

/** @template T @param {Options<T>} options @returns {import("../router.js").Screen} */
export const listScreen = (options) => ({ place, search }) => {
  const { values, strangers } = readAddress(options.parameters ?? {}, search);
  const screen = new ListScreen(options, values);
  place.append(...strangerNotes(strangers), h("h1", { class: "out-of-sight" }, options.label), ...(screen.head ? [screen.head] : []), screen.element);
  screen.load();
  return () => screen.leave();
};

/** @template T */
class ListScreen {
  #loader = new Loader();
  /** @param {Options<T>} options @param {Values} values */
  constructor(options, values) {
    this.options = options;
    this.values = values;
    const { path, label, columns, usual, narrow, keyOf, hrefOf, markOf, mark } = options;
    this.table = chosenGrid({
      kept: `${path}.columns`, make: () => new Map(columns().map((column) => [column.name, told(column)])), usual, narrow,
      label, look: "two-lines", mark, keyOf, hrefOf, markOf, near: (left) => this.further.near(left),
      open: (row) => { if (hrefOf(row)) go(hrefOf(row)); },
    });
    /** @type {Further<T>} */
    this.further = new Further((rows) => this.#draw(rows));
    this.element = h("div", { class: "list rows-list" });
    this.head = options.head?.(values);
    const { grid } = this.table;
    useKeys([
      { ...stepAction(LIST.row, (by) => grid.move(by)), keys: ["j", "k", "ArrowDown", "ArrowUp", "Home", "End"] },
      { keys: ["PageUp", "PageDown"], hint: "", does: LIST.page, run: (key) => grid.movePage(key === "PageUp" ? -1 : 1) },
      { keys: ["Enter"], hint: LIST.open, run: () => grid.openSelected() },
      { keys: ["r"], hint: LIST.reload, run: () => { if (!this.#loader.isRunning) this.load(); } },
    ]);
  }

  /** Ask from the start; what is shown stays until there is something newer. */
  load() {
    const { label } = this.options;
    const again = { label: STATE_WORDS.tryAgain, run: () => this.load(), first: true };
    this.further.stop();
    void this.#loader.run({
      place: this.element, what: LIST.loading(label), load: (signal) => this.#ask(signal),
      failed: (error) => failAbove(this.element, failureCard(error, LIST.cannot(label), [again])),
      stopped: () => failAbove(this.element, stateCard({ look: "not-taken", title: STATE_WORDS.stopped, text: [], steps: [again] })),
    });
  }

  leave() {
    this.#loader.leave();
    this.further.stop();
    this.table.leave();
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const { path, query, above, empty } = this.options;
    await this.#fit(signal);
    /** @type {PagedRows<T>} */
    const rows = new PagedRows(path, query(this.values));
    const [, found] = await Promise.all([rows.begin(signal), above?.(this.values, signal).catch((error) => missing(error, signal)) ?? []]);
    const elsewhere = rows.items.length ? undefined : await this.options.elsewhere?.(this.values, signal);
    this.table.refresh();
    const look = { label: LIST.lookAgain, run: () => this.load() };
    const card = () => stateCard({ look: "not-taken", title: empty.title, text: [...empty.text, ...(elsewhere?.text ?? [])], steps: [look, ...(elsewhere?.steps ?? [])] });
    this.element.replaceChildren(...found, ...(rows.items.length ? [this.table.grid.element, this.further.tail.element] : [card()]));
    this.further.follow(rows);
  }

  /** Take the values that fit what is stored; where nothing came yet, the first to come is to be fitted. @param {AbortSignal} signal */
  async #fit(signal) {
    const { fit, head, address } = this.options;
    const fitting = await fit?.(this.values, signal);
    if (!fitting || fitting === this.values) return;
    this.values = fitting;
    if (address) noteAddress(address(fitting));
    const renewed = head?.(fitting);
    if (renewed) this.head?.replaceWith(renewed);
    this.head = renewed;
  }

  /** @param {PagedRows<T>} rows */
  #draw({ items, isPartial }) {
    this.table.grid.show(items, isPartial ? -1 : items.length);
    find(".foot-facts").textContent = LIST.facts(items.length.toLocaleString(), this.options.label, isPartial);
  }
}

/**
 * A cell without a value says so, to the eye and to a screen reader.
 * @template T
 * @param {import("../grid/row.js").Column<T>} column @returns {import("../grid/row.js").Column<T>}
 */
const told = (column) => ({ ...column, cells: (row) => {
  const cells = column.cells(row);
  if (cells.some((one) => one !== "" && one !== null && one !== undefined && one !== false)) return cells;
  return [h("span", { class: "nothing", "aria-hidden": "true" }, LIST.nothing), h("span", { class: "out-of-sight" }, LIST.none)];
} });

/** Say why nothing stands above the rows, which are there all the same. @param {unknown} error @param {AbortSignal} signal */
function missing(error, signal) {
  signal.throwIfAborted();
  return [h("p", { class: "note", role: "status" }, LIST.noStrip(error instanceof Problem ? error.title : String(error)))];
}
