/** The list below a field: groups of options, one of which may be active, and what is said of them. */
import { h } from "../dom.js";
import { COMPLETION } from "../words/calls.js";

/** @typedef {import("./completion.js").Group} Group */
/** @typedef {import("./completion.js").Option} Option */

const NONE = -1;

/** @type {[keys: string[], says: string][]} */
const HINTS = [[["Tab"], COMPLETION.take], [["↑", "↓"], COMPLETION.choose], [["Enter"], COMPLETION.search], [["Esc"], COMPLETION.close]];

export class Popup {
  /** @type {{option: Option, element: HTMLElement}[]} */
  #rows = [];
  #at = NONE;

  /** @param {HTMLInputElement} input @param {string} id @param {(option: Option) => void} take @param {(element: HTMLElement) => void} [placed] is called whenever the list is shown */
  constructor(input, id, take, placed = () => {}) {
    this.input = input;
    this.placed = placed;
    this.list = h("div", { role: "listbox", id, "aria-label": COMPLETION.fields });
    this.note = h("p", { class: "completion-note", role: "status" });
    const hints = HINTS.map(([keys, says]) => h("span", {}, ...keys.map((key) => h("kbd", {}, key)), ` ${says}`));
    // Pressing inside must not take the focus from the field.
    this.element = h("div", { class: "completion", hidden: true, mousedown: (event) => event.preventDefault() }, this.list, this.note, h("div", { class: "completion-keys", "aria-hidden": "true" }, ...hints));
    this.list.addEventListener("click", (event) => {
      const row = this.#rows.find(({ element }) => event.target instanceof Node && element.contains(event.target));
      if (row) take(row.option);
    });
    input.setAttribute("aria-controls", id);
    this.close();
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** The option that the reader chose by arrows, if any. */
  get chosen() {
    return this.#rows[this.#at]?.option ?? null;
  }

  /** The option that is taken where none was chosen. */
  get first() {
    return this.#rows[0]?.option ?? null;
  }

  /** Show groups of options; the chosen one stays chosen if it is still there. @param {Group[]} groups @param {string} note */
  show(groups, note) {
    const chosen = this.chosen?.code;
    this.#rows = [];
    this.list.replaceChildren(...groups.map((group, index) => this.#groupOf(group, index)));
    this.note.textContent = note;
    this.element.hidden = !this.#rows.length && !note;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    if (this.isOpen) this.placed(this.element);
    this.#choose(chosen === undefined ? NONE : this.#rows.findIndex(({ option }) => option.code === chosen));
  }

  close() {
    this.element.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.#choose(NONE);
  }

  /** Choose the option so many further on; past the ends is none, the field itself. @param {number} by */
  move(by) {
    const places = this.#rows.length + 1;
    this.#choose(((this.#at + 1 + by + places) % places) - 1);
  }

  /** @param {number} at */
  #choose(at) {
    this.#rows[this.#at]?.element.removeAttribute("aria-selected");
    this.#at = at;
    const row = this.#rows[at];
    row?.element.setAttribute("aria-selected", "true");
    row?.element.scrollIntoView({ block: "nearest" });
    if (row) this.input.setAttribute("aria-activedescendant", row.element.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {Group} group @param {number} index */
  #groupOf({ title, options }, index) {
    const id = `${this.list.id}-group-${index}`;
    const rows = options.map((option) => {
      const element = h("div", { role: "option", id: `${this.list.id}-${this.#rows.length}`, class: "option" },
        h("code", {}, option.code), h("span", { class: "option-says" }, option.says), h("span", { class: "option-note" }, option.note));
      this.#rows.push({ option, element });
      return element;
    });
    return h("div", { role: "group", "aria-labelledby": id }, h("div", { class: "option-title", id, role: "presentation" }, title), ...rows);
  }
}
