/**
 * The filters and words that are taken, as chips: one tab stop, arrows move, Enter edits, `!`
 * turns round, Backspace removes. The same by pointer.
 */
import { h } from "../dom.js";
import { BAR, LABELS } from "../words/calls.js";

/** @typedef {import("./filter.js").Filter} Filter */
/** @typedef {{filter: Filter} | {word: string}} Chip */
/**
 * @typedef {object} Options
 * @property {(chip: Chip) => void} edit
 * @property {(chip: Chip) => void} turn
 * @property {(chip: Chip) => void} remove
 * @property {() => void} right past the last chip: into the field
 */

export class Chips {
  /** @type {Chip[]} */
  #chips = [];
  #at = 0;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.element = h("div", { class: "chips", role: "toolbar", "aria-label": BAR.filters, keydown: (event) => this.#pressed(event) });
    this.element.addEventListener("focusin", (event) => {
      const at = this.#mains.findIndex((main) => main === event.target);
      if (at >= 0) this.#point(at);
    });
  }

  /** @param {readonly Chip[]} chips */
  show(chips) {
    const hadFocus = this.element.contains(document.activeElement);
    this.#chips = [...chips];
    this.element.replaceChildren(...chips.map((chip, index) => this.#element(chip, index)));
    this.element.hidden = !chips.length;
    this.#point(Math.min(this.#at, chips.length - 1));
    if (!hadFocus) return;
    if (chips.length) this.#focus(this.#at);
    else this.options.right();
  }

  /** Go to the last chip, from the field. */
  focusLast() {
    if (this.#chips.length) this.#focus(this.#chips.length - 1);
  }

  /** @returns {HTMLButtonElement[]} */
  get #mains() {
    return [...this.element.querySelectorAll("button.chip-main")].filter((one) => one instanceof HTMLButtonElement);
  }

  /** @param {Chip} chip @param {number} index */
  #element(chip, index) {
    const { edit, turn, remove } = this.options;
    const text = chipText(chip);
    const before = this.#chips[index - 1];
    const isFurther = before && "filter" in before && "filter" in chip && before.filter.field === chip.filter.field && !before.filter.not && !chip.filter.not;
    const main = h("button", { type: "button", class: "chip-main", tabindex: -1, "aria-label": text, "aria-description": BAR.chipKeys, title: text, click: () => edit(chip) },
      ..."filter" in chip ? [h("span", { class: "chip-field" }, LABELS[/** @type {keyof typeof LABELS} */ (chip.filter.field)])] : [h("span", { class: "chip-field" }, BAR.wordsField)]);
    const value = h("button", { type: "button", class: "chip-value", tabindex: -1, "aria-hidden": "true", click: () => edit(chip) }, "filter" in chip ? chip.filter.value : chip.word);
    const sign = "filter" in chip ? h("button", { type: "button", class: "chip-sign", tabindex: -1, "aria-hidden": "true", title: BAR.turns(chip.filter.not), click: () => turn(chip) }, chip.filter.not ? "≠" : "=") : null;
    const cross = h("button", { type: "button", class: "chip-remove", tabindex: -1, "aria-label": BAR.removes(text), title: BAR.removes(text), click: () => { this.#at = index; remove(chip); } }, "×");
    return h("span", { class: `chip${"filter" in chip && chip.filter.not ? " not" : ""}` }, isFurther && h("span", { class: "chip-or" }, BAR.or), main, sign, value, cross);
  }

  /** @param {number} at */
  #point(at) {
    this.#at = Math.max(at, 0);
    this.#mains.forEach((main, index) => { main.tabIndex = index === this.#at ? 0 : -1; });
  }

  /** @param {number} at */
  #focus(at) {
    this.#point(at);
    this.#mains[at]?.focus();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const chip = this.#chips[this.#at];
    const last = this.#chips.length - 1;
    const { edit, turn, remove, right } = this.options;
    if (!chip) return;
    if (event.key === "ArrowLeft") this.#focus(Math.max(this.#at - 1, 0));
    else if (event.key === "ArrowRight") { if (this.#at === last) right(); else this.#focus(this.#at + 1); }
    else if (event.key === "Home") this.#focus(0);
    else if (event.key === "End" || event.key === "Escape") right();
    else if (event.key === "Backspace" || event.key === "Delete") remove(chip);
    else if (event.key === "!") turn(chip);
    else if (event.key === "Enter") edit(chip);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Return a chip in words. @param {Chip} chip */
export const chipText = (chip) => ("filter" in chip
  ? BAR.condition(LABELS[/** @type {keyof typeof LABELS} */ (chip.filter.field)], chip.filter.not, chip.filter.value) : `${BAR.wordsField} ${chip.word}`);
