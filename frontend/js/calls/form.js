/**
 * All fields at once, for whoever would rather fill in a form. It is the same search: opened, it
 * shows the filters of the bar, and what it searches for becomes those. On a phone it comes from below.
 */
import { h } from "../dom.js";
import { placeNear } from "../near.js";
import { BAR, FORM } from "../words/calls.js";
import { FIELDS } from "./fields.js";
import { FormField } from "./form-field.js";
import { PARAMETERS, filtersOf, withFilters, withWords, wordsOf } from "./query.js";
import { noteRecent } from "./recent.js";
import { descriptions, valuesOffered } from "./seen.js";

/** @typedef {import("../address.js").Values} Values */

export const FORM_ID = "calls-form";

const IS_SHEET = "(max-width: 719px)";

/** @type {[group: keyof typeof FORM.groups, fields: string[]][]} */
const GROUPS = [
  ["parties", ["from_user", "from_domain", "to_user", "to_domain", "ruri_user", "ruri_domain", "user_agent"]],
  ["ends", ["outcome", "status", "reason", "state", "method"]],
  ["way", ["nodes", "source", "destination", "call_id"]],
  ["figures", ["pdd_ms", "duration_s", "message_count", "worst_mos", "worst_loss", "worst_jitter_ms", "started_at", "answered_at", "ended_at"]],
];

export class Form {
  /** The search that the form was opened on. */
  #values;

  /** @param {() => Values} current the search that is shown @param {(values: Values) => void} search @param {HTMLElement} control by which it stands */
  constructor(current, search, control) {
    this.#values = current();
    this.search = search;
    this.words = h("input", { id: "form-words", placeholder: FORM.wordsHint, autocomplete: "off", spellcheck: "false" });
    this.fields = new Map(FIELDS.map((field) => [field.name, new FormField(field, (prefix, signal) => valuesOffered(field.name, this.#wanted, prefix, signal), () => this.#submit())]));
    const groups = GROUPS.map(([name, fields]) => h("fieldset", {}, h("legend", {}, FORM.groups[name]), h("div", { class: "form-fields" }, ...fields.map((field) => this.fields.get(field)?.element))));
    const form = h("form", { submit: (event) => { event.preventDefault(); this.#submit(); } },
      h("div", { class: "form-body", scroll: () => this.fields.forEach(({ combobox }) => combobox.close()) },
        h("div", { class: "form-field form-words" }, h("label", { for: "form-words" }, FORM.words), this.words), ...groups),
      h("footer", {}, h("p", { class: "quiet" }, FORM.help), h("button", { type: "button", click: () => this.#clear() }, FORM.clear), h("button", { class: "primary" }, BAR.search)));
    this.element = h("div", { id: FORM_ID, class: "form-panel", popover: "auto", role: "dialog", "aria-label": FORM.label }, form);
    this.element.addEventListener("beforetoggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
      this.#values = current();
      this.#show(this.#values);
      void descriptions().then((found) => this.fields.forEach((field, name) => field.describe(found.get(name) ?? "")));
    });
    this.element.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
      if (matchMedia(IS_SHEET).matches) this.element.removeAttribute("style");
      else placeNear(this.element, control);
      this.words.focus();
    });
  }

  open() {
    this.element.showPopover();
  }

  leave() {
    this.fields.forEach(({ combobox }) => combobox.close());
  }

  /** The search as the form has it now. @returns {Values} */
  get #wanted() {
    const filters = [...this.fields.values()].flatMap((field) => field.filters);
    return withWords(withFilters(this.#values, filters), this.words.value.split(/\s+/).filter(Boolean));
  }

  /** @param {Values} values */
  #show(values) {
    const filters = filtersOf(values);
    this.words.value = wordsOf(values).join(" ");
    this.fields.forEach((field) => field.show(filters));
  }

  /** Leave nothing in it but the usual method. */
  #clear() {
    this.#show({ method: PARAMETERS["method"]?.fallback ?? "" });
    this.words.focus();
  }

  #submit() {
    const wanted = this.#wanted;
    const before = new Set(filtersOf(this.#values).map((filter) => JSON.stringify(filter)));
    noteRecent(filtersOf(wanted).filter((filter) => !before.has(JSON.stringify(filter))));
    this.element.hidePopover();
    this.search(wanted);
  }
}
