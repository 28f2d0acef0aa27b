/**
 * The choice of a time zone: a field to type into over the zones that fit
 * (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/). Arrows go through them, Enter takes one.
 */
import { now } from "../clock.js";
import { h } from "../dom.js";
import { ZONE_WORDS as WORDS } from "../words/shell.js";
import { BROWSER, zoneChoice, zoneOfAddress } from "../zone.js";
import { offsetIn, zonesLike } from "./zones.js";

const MOST = 60;
const PANEL = "zone-panel";

/** @type {Readonly<Record<string, number>>} */
const STEPS = Object.freeze({ ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 });

export class ZonePanel {
  #at = 0;
  /** @type {string[]} */
  #shown = [];

  /** @param {(choice: string) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    this.field = h("input", { role: "combobox", "aria-expanded": "true", "aria-controls": "zones", "aria-autocomplete": "list",
      "aria-label": WORDS.search, placeholder: WORDS.example, autocomplete: "off", spellcheck: "false",
      input: () => this.#fill(), keydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event) });
    this.list = h("ul", { id: "zones", role: "listbox", "aria-label": WORDS.label, click: (/** @type {Event} */ event) => this.#clicked(event) });
    this.note = h("p", { class: "quiet", role: "status" });
    this.element = h("div", { id: PANEL, class: "panel zone-panel", popover: "auto", role: "dialog", "aria-label": WORDS.label,
      toggle: (/** @type {ToggleEvent} */ event) => event.newState === "open" && this.#open() }, this.field, this.list, this.note);
  }

  #open() {
    this.field.value = "";
    this.#fill();
    this.#mark(Math.max(this.#shown.indexOf(zoneChoice()), 0));
    this.field.focus();
  }

  #fill() {
    const found = zonesLike(this.field.value);
    const current = zoneChoice();
    // Where nothing is typed yet the present choice is in sight.
    const first = this.field.value ? found : [...new Set([BROWSER, "UTC", current, ...found])];
    this.#shown = first.slice(0, MOST);
    this.list.replaceChildren(...this.#shown.map((choice, index) => option(choice, index, choice === current)));
    const rest = first.length - this.#shown.length;
    const linked = zoneOfAddress() ? WORDS.linked : "";
    this.note.textContent = first.length ? [rest > 0 ? `${WORDS.more(rest)}.` : "", linked].filter(Boolean).join(" ") : WORDS.none;
    this.#mark(0);
  }

  /** @param {number} at */
  #mark(at) {
    this.#at = Math.min(Math.max(at, 0), this.#shown.length - 1);
    [...this.list.children].forEach((one, index) => one.classList.toggle("marked", index === this.#at));
    const marked = this.list.children[this.#at];
    marked?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", marked?.id ?? "");
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const step = STEPS[event.key];
    if (step) this.#mark(this.#at + step);
    else if (event.key === "Enter") this.#take(this.#at);
    else return;
    event.preventDefault();
  }

  /** @param {Event} event */
  #clicked(event) {
    const found = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    if (found) this.#take([...this.list.children].indexOf(found));
  }

  /** @param {number} at */
  #take(at) {
    const choice = this.#shown[at];
    if (choice === undefined) return;
    this.element.hidePopover();
    this.chosen(choice);
  }
}

/** @param {string} choice @param {number} index @param {boolean} isCurrent */
function option(choice, index, isCurrent) {
  const zone = choice === BROWSER ? Intl.DateTimeFormat().resolvedOptions().timeZone : choice;
  const name = choice === BROWSER ? WORDS.browser(zone) : choice.replaceAll("_", " ");
  return h("li", { id: `zone-${index}`, role: "option", "aria-selected": String(isCurrent) }, h("span", {}, name), h("span", { class: "quiet" }, offsetIn(zone, now())));
}
