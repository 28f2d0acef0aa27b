/**
 * The field of the bar, and each of the form (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/): typing offers what
 * may follow, Tab takes, arrows choose, Enter searches, Escape closes. What is typed is never
 * changed but by taking, and never waits: values seen arrive when they do.
 */
import { Problem } from "../api.js";
import { h } from "../dom.js";
import { COMPLETION } from "../words/calls.js";
import { optionsOf, seenGroup } from "./completion.js";
import { Popup } from "./popup.js";
import { descriptions } from "./seen.js";

/** @typedef {import("./completion.js").Option} Option */
/** @typedef {import("./completion.js").Group} Group */
/** @typedef {import("./typed.js").Typed} Typed */
/**
 * @typedef {object} Options
 * @property {string} label
 * @property {(field: string, prefix: string, signal: AbortSignal) => Promise<import("./seen.js").SeenValues>} seen values of a field
 * @property {(taking: {filter: import("./filter.js").Filter} | {words: string}, before: string) => void} taken the field is empty then; `before` is what stood in it
 * @property {(text: string) => void} submit Enter, with what is typed
 * @property {() => void} back out of the field to the left
 * @property {(text: string) => Typed} read
 * @property {string} list the id of the list
 * @property {string} look the class of the field
 * @property {boolean} [keepsTab] Tab takes only what was chosen by arrows
 * @property {(list: HTMLElement) => void} [placed] puts the list where it belongs whenever it is shown
 * @property {() => boolean} escape what Escape does once the list is closed; false leaves the field
 */

/** Between the last letter and the question to the API. */
const CALM_MS = 120;

export class Combobox {
  /** @type {ReadonlyMap<string, string>} */
  #described = new Map();
  #timer = 0;
  /** @type {AbortController | null} */
  #asking = null;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.input = h("input", { class: options.look, type: "text", role: "combobox", "aria-label": options.label, "aria-autocomplete": "list",
      autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false", enterkeyhint: "search" });
    this.popup = new Popup(this.input, options.list, (option) => this.#take(option), options.placed);
    this.input.addEventListener("input", () => this.offer());
    this.input.addEventListener("click", () => this.offer());
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("keydown", (event) => this.#pressed(event));
  }

  get text() {
    return this.input.value;
  }

  /** Put text into the field, and offer what may follow. @param {string} text */
  type(text) {
    this.input.value = text;
    this.input.focus();
    this.input.setSelectionRange(text.length, text.length);
    if (text) this.offer();
    else this.close();
  }

  /** Offer what may follow what is typed. */
  offer() {
    const typed = this.options.read(this.text);
    this.#stop();
    if (!this.#described.size) void descriptions().then((found) => { this.#described = found; });
    const groups = optionsOf(typed, this.#described);
    if (typed.stage !== "value") {
      this.popup.show(groups, this.text ? "" : COMPLETION.help);
      return;
    }
    this.popup.show(groups, COMPLETION.looking);
    this.#timer = setTimeout(() => this.#ask(typed, groups), CALM_MS);
  }

  close() {
    this.#stop();
    this.popup.close();
  }

  /** @param {Extract<Typed, {stage: "value"}>} typed @param {Group[]} groups */
  async #ask(typed, groups) {
    const control = new AbortController();
    this.#asking = control;
    const [prefix = ""] = typed.value.split("*");
    try {
      const { items, is_sampled: isSampled } = await this.options.seen(typed.field.name, prefix, control.signal);
      if (control.signal.aborted) return;
      const seen = seenGroup(typed, items, isSampled);
      const known = new Set(seen.flatMap(({ options }) => options.map(({ code }) => code)));
      const others = groups.map((group) => ({ ...group, options: group.options.filter(({ code }) => !known.has(code)) })).filter(({ options }) => options.length);
      this.popup.show([...seen, ...others], seen.length || typed.field.kind === "enum" ? "" : COMPLETION.none);
    } catch (error) {
      if (!control.signal.aborted) this.popup.show(groups, COMPLETION.failed(error instanceof Problem ? error.title : String(error)));
    }
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  /** @param {Option} option */
  #take({ takes }) {
    if ("text" in takes) {
      this.type(takes.text);
      return;
    }
    const before = this.text;
    this.type("");
    this.options.taken(takes, before);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.#handled(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {KeyboardEvent} event @returns {boolean} */
  #handled({ key, shiftKey }) {
    const { popup, input } = this;
    const isAtStart = input.selectionStart === 0 && input.selectionEnd === 0;
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (popup.isOpen) popup.move(key === "ArrowDown" ? 1 : -1);
      else this.offer();
    } else if (key === "Enter") {
      if (popup.chosen) this.#take(popup.chosen);
      else this.options.submit(this.text);
    } else if (key === "Tab") {
      // Without anything typed or chosen Tab goes on through the page, as everywhere.
      const option = !shiftKey && popup.isOpen ? popup.chosen ?? (this.text.trim() && !this.options.keepsTab ? popup.first : null) : null;
      if (!option) return false;
      this.#take(option);
    } else if (key === "Escape") {
      if (!popup.isOpen) return this.options.escape();
      this.close();
    } else if ((key === "Backspace" || key === "ArrowLeft") && isAtStart && !shiftKey) {
      this.options.back();
    } else {
      return false;
    }
    return true;
  }
}
