/** The bar above the calls: filters and words as chips, the field that adds one, and the time range. */
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { rangeControls, readRange } from "../range.js";
import { go } from "../router.js";
import { BAR, FORM, GRID } from "../words/calls.js";
import { Chips } from "./chips.js";
import { Combobox } from "./combobox.js";
import { typedText, withFilter, withoutFilter } from "./filter.js";
import { FORM_ID } from "./form.js";
import { addressNamed } from "./jump.js";
import { plainWords } from "./pasted.js";
import { filtersOf, withFilters, withWords, wordsOf } from "./query.js";
import { noteRecent } from "./recent.js";
import { valuesOffered } from "./seen.js";
import { readConditions, readTyped } from "./typed.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("./chips.js").Chip} Chip */

export class Bar {
  /** The chip whose text is in the field. @type {Chip | null} */
  #edited = null;
  /** The question whether what was typed is a Call-ID. @type {AbortController | null} */
  #asking = null;

  /** @param {Values} values @param {(values: Values) => void} search is called with what the reader wants @param {() => void} toRows is called by Enter where nothing is typed */
  constructor(values, search, toRows) {
    this.values = values;
    this.search = search;
    this.combobox = new Combobox({
      label: BAR.label, list: "completion", look: "bar-input", read: readTyped,
      seen: (field, prefix, signal) => valuesOffered(field, this.values, prefix, signal),
      taken: (taking) => this.#add("filter" in taking ? { filters: [taking.filter] } : { words: taking.words }),
      submit: (text) => (text || this.#edited ? void this.#submit(text) : toRows()), back: () => this.chips.focusLast(), escape: () => this.#cancelEdit(),
    });
    this.chips = new Chips({
      edit: (chip) => this.#edit(chip), turn: (chip) => this.#turn(chip), remove: (chip) => this.search(this.#without(chip)),
      right: () => this.combobox.input.focus(),
    });
    this.problem = h("p", { class: "bar-problem", role: "alert", hidden: true });
    this.range = h("div", { class: "bar-range" });
    /** @type {HTMLElement} */
    this.box = h("div", { class: "bar-box", click: (event) => event.target === this.box && this.combobox.input.focus() },
      searchGlyph(), this.chips.element, this.combobox.input, h("kbd", { class: "bar-key", "aria-hidden": "true" }, "/"),
      h("button", { type: "button", class: "flat bar-form", popovertarget: FORM_ID, "aria-haspopup": "dialog", title: FORM.title }, FORM.open), this.combobox.popup.element);
    this.element = h("form", { class: "bar", role: "search", "aria-label": GRID.label, submit: (event) => { event.preventDefault(); void this.#submit(this.combobox.text); } },
      this.box, this.range, h("button", { class: "primary" }, BAR.search), this.problem);
    this.show(values);
  }

  /** Show a search. @param {Values} values */
  show(values) {
    this.values = values;
    this.chips.show(this.#shown);
    this.combobox.input.placeholder = filtersOf(values).length + wordsOf(values).length > 1 ? BAR.more : BAR.placeholder;
    this.range.replaceChildren(...rangeControls(values, () => this.search({ ...values, ...this.#range() })));
  }

  /** Go to the field. */
  focus() {
    this.combobox.input.focus();
    this.combobox.offer();
  }

  focusRange() {
    const select = this.range.querySelector("select, button");
    if (select instanceof HTMLElement) select.focus();
  }

  leave() {
    this.#asking?.abort();
    this.combobox.close();
  }

  /** @returns {Chip[]} */
  get #shown() {
    return [...wordsOf(this.values).map((word) => ({ word })), ...filtersOf(this.values).map((filter) => ({ filter }))];
  }

  #range() {
    return readRange(new FormData(this.element));
  }

  /** @param {string} text */
  async #submit(text) {
    const typed = readTyped(text);
    const filters = readConditions(text);
    // Call-IDs may hold `=` as well.
    if (!filters && !this.#edited && (typed.stage === "start" || typed.stage === "unknown") && await this.#jumped(text)) return;
    this.#tell(typed.stage === "unknown" && !filters ? typed : null);
    if (filters) this.#add({ filters });
    else if (typed.stage === "start") this.#add({ words: typed.text });
    // A field without a value is not done yet; what is missing is offered.
    else if (typed.stage !== "unknown") this.combobox.offer();
  }

  /** Go to the call whose Call-ID was typed. @param {string} text @returns {Promise<boolean>} whether there is nothing left to do */
  async #jumped(text) {
    this.#asking?.abort();
    const { signal } = this.#asking = new AbortController();
    const address = await addressNamed(text, signal);
    if (signal.aborted || this.combobox.text !== text) return true;
    if (address) go(address);
    return address !== null;
  }

  /** @param {{filters?: import("./filter.js").Filter[], words?: string}} added */
  #add({ filters = [], words = "" }) {
    let values = this.#edited ? this.#without(this.#edited) : this.values;
    this.#edited = null;
    this.#tell(null);
    if (filters.length) values = withFilters(values, filters.reduce(withFilter, filtersOf(values)));
    noteRecent(filters);
    if (words) values = withWords(values, [...wordsOf(values), ...plainWords(words).split(/\s+/)]);
    this.combobox.type("");
    this.search({ ...values, ...this.#range() });
  }

  /** @param {Chip} chip @returns {Values} */
  #without(chip) {
    if ("word" in chip) return withWords(this.values, wordsOf(this.values).filter((word) => word !== chip.word));
    return withFilters(this.values, withoutFilter(filtersOf(this.values), chip.filter));
  }

  /** @param {Chip} chip */
  #edit(chip) {
    this.#edited = chip;
    this.chips.show(this.#shown.filter((one) => JSON.stringify(one) !== JSON.stringify(chip)));
    this.combobox.type("word" in chip ? chip.word : typedText(chip.filter));
  }

  /** @returns {boolean} whether there was something to cancel */
  #cancelEdit() {
    const wasEdited = this.#edited !== null;
    this.#edited = null;
    this.#tell(null);
    if (!wasEdited) return false;
    this.combobox.type("");
    this.chips.show(this.#shown);
    return true;
  }

  /** @param {Chip} chip */
  #turn(chip) {
    if ("word" in chip) return;
    const { filter } = chip;
    const turned = filtersOf(this.values).map((one) => (one.field === filter.field && one.value === filter.value && one.not === filter.not ? { ...one, not: !one.not } : one));
    this.search(withFilters(this.values, turned));
  }

  /** @param {Extract<import("./typed.js").Typed, {stage: "unknown"}> | null} unknown */
  #tell(unknown) {
    this.problem.hidden = !unknown;
    if (!unknown) return;
    this.combobox.close();
    const { name, near, rest } = unknown;
    this.problem.replaceChildren(glyph("rejected"), BAR.unknown(name, near?.name),
      near ? h("button", { type: "button", click: () => { this.#tell(null); this.combobox.type(`${near.name}${rest}`); } }, BAR.use(near.name)) : "");
  }
}

function searchGlyph() {
  return h("span", { class: "bar-glass", "aria-hidden": "true" });
}
