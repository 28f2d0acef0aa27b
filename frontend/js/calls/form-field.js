/** A field of the form: its name over a line of values, which are completed by those seen. */
import { h } from "../dom.js";
import { placeNear } from "../near.js";
import { FORM } from "../words/calls.js";
import { Combobox } from "./combobox.js";
import { formText, lastPiece, pieceText, readForm } from "./form-text.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./filter.js").Filter} Filter */

export class FormField {
  /** @param {Field} field @param {(prefix: string, signal: AbortSignal) => Promise<import("./seen.js").SeenValues>} seen @param {() => void} submit is called by Enter */
  constructor(field, seen, submit) {
    this.field = field;
    this.combobox = new Combobox({
      label: field.label, list: `form-${field.name}`, look: "form-input", keepsTab: true,
      read: (text) => this.#typed(text), seen: (_, prefix, signal) => seen(prefix, signal),
      taken: (taking, before) => "filter" in taking && this.#take(taking.filter, before), submit: () => submit(), back: () => {}, escape: () => false,
      placed: (popup) => placeNear(popup, this.combobox.input),
    });
    const { input, popup } = this.combobox;
    input.placeholder = FORM.hints[/** @type {keyof typeof FORM.hints} */ (field.name)] ?? "";
    this.element = h("div", { class: "form-field" }, h("label", { for: input.id = `form-of-${field.name}` }, field.label), input, popup.element);
  }

  /** @returns {Filter[]} */
  get filters() {
    return readForm(this.field.name, this.combobox.input.value);
  }

  /** Show the filters of a search. @param {readonly Filter[]} filters of any fields */
  show(filters) {
    this.combobox.close();
    this.combobox.input.value = formText(filters, this.field.name);
  }

  /** @param {string} text what the API says of the field */
  describe(text) {
    this.element.title = text;
    this.combobox.input.setAttribute("aria-description", text);
  }

  /** The value that is being typed, as the bar would read it behind the field's name. @param {string} text @returns {import("./typed.js").Typed} */
  #typed(text) {
    const piece = text.slice(lastPiece(text));
    const [filter] = readForm(this.field.name, piece);
    return { stage: "value", field: this.field, not: filter?.not ?? piece.trim().startsWith("!"), value: filter?.value ?? "" };
  }

  /** @param {Filter} filter @param {string} before what stood in the line */
  #take(filter, before) {
    const { input } = this.combobox;
    const kept = before.slice(0, lastPiece(before));
    input.value = `${kept}${kept && " "}${pieceText(filter)}`;
  }
}
