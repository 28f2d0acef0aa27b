/** The filter of the live screen, what the connection is like, and Pause. It holds no state; the URL does. */
import { h } from "../dom.js";
import { FIELD_HELP, FIELD_LABELS, LIVE } from "../words/live.js";
import { FIELDS, formText, formValues, hintOf, isOnlyFailures } from "./query.js";

/** @typedef {import("../address.js").Values} Values */

/** The head of the screen. */
export class Form {
  /** @param {Values} values @param {{follow: (values: Values) => void, pause: () => void, failures: () => void}} acts */
  constructor(values, acts) {
    this.pill = h("span", { class: "live-pill" });
    this.pauseButton = h("button", { type: "button", class: "primary", click: acts.pause });
    const failures = h("button", { type: "button", "aria-pressed": String(isOnlyFailures(values)), class: "live-toggle", click: acts.failures }, LIVE.onlyFailures, " ", h("kbd", {}, "f"));
    const fields = h("details", { class: "live-fields" }, h("summary", {}, LIVE.fields),
      h("div", {}, ...FIELDS.map((name) => h("label", { title: FIELD_HELP }, FIELD_LABELS[name],
        h("input", { name, value: formText(values[name]), placeholder: hintOf(name), autocomplete: "off", spellcheck: "false" }))),
      h("button", {}, LIVE.apply)));
    fields.open = matchMedia("(min-width: 720px)").matches;
    this.element = h("form", { class: "live-head", role: "search", "aria-label": LIVE.filters }, fields,
      h("div", { class: "live-tools" }, this.pill, failures, this.pauseButton));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      const data = new FormData(this.element);
      const wanted = FIELDS.map((name) => [name, formValues(String(data.get(name) ?? ""))]);
      acts.follow(Object.freeze({ ...values, ...Object.fromEntries(wanted) }));
    });
  }

  /** Go to the first field. */
  focus() {
    const fields = this.element.querySelector("details");
    if (fields) fields.open = true;
    this.element.querySelector("input")?.focus();
  }

  /** @param {boolean} isPaused */
  showPaused(isPaused) {
    this.pauseButton.replaceChildren(isPaused ? LIVE.resume : LIVE.pause, " ", h("kbd", {}, "p"));
    this.pauseButton.setAttribute("aria-pressed", String(isPaused));
  }

  /** @param {string} look @param {string} text */
  showLink(look, text) {
    if (this.pill.dataset["look"] !== look) this.pill.dataset["look"] = look;
    if (this.pill.textContent !== text) this.pill.replaceChildren(h("span", { class: "live-dot", "aria-hidden": "true" }), text);
  }
}
