/**
 * The values seen of a few fields beside the grid, with how many calls have each: a click keeps
 * only those, Alt-click leaves them out. On smaller screens they lie behind a button.
 */
import { Problem } from "../api.js";
import { h } from "../dom.js";
import { FACETS, LABELS } from "../words/calls.js";
import { literal } from "./filter.js";
import { conditions, filtersOf } from "./query.js";
import { valuesSeen } from "./seen.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("./seen.js").Seen} Seen */

/** @type {(keyof typeof LABELS)[]} */
const FIELDS = ["nodes", "status", "user_agent", "source", "method"];
const MOST = 7;

export class Facets {
  /** @type {AbortController | null} */
  #asking = null;
  /** What is to be shown once the rail is in sight. @type {{values: Values, nowMs: number} | null} */
  #waiting = null;

  /** @param {(field: string, value: string, not: boolean) => void} choose @param {Record<string, string>} [attributes] */
  constructor(choose, attributes = {}) {
    this.choose = choose;
    this.boxes = new Map(FIELDS.map((field) => [field, h("div", { class: "facet", role: "group", "aria-label": LABELS[field] })]));
    this.element = h("aside", { class: "facets", "aria-label": FACETS.label, ...attributes }, ...this.boxes.values());
  }

  /** Ask for the values of a search once the rail is in sight. @param {Values} values @param {number} nowMs */
  load(values, nowMs) {
    this.#asking?.abort();
    this.#waiting = { values, nowMs };
    if (this.element.checkVisibility()) this.open();
  }

  /** Ask for what has not been asked for. */
  open() {
    const { values, nowMs } = this.#waiting ?? {};
    if (!values || nowMs === undefined) return;
    this.#waiting = null;
    const control = new AbortController();
    this.#asking = control;
    for (const [field, box] of this.boxes) void this.#fill(field, box, values, nowMs, control.signal);
  }

  leave() {
    this.#asking?.abort();
  }

  /** @param {keyof typeof LABELS} field @param {HTMLElement} box @param {Values} values @param {number} nowMs @param {AbortSignal} signal */
  async #fill(field, box, values, nowMs, signal) {
    const title = h("h2", {}, LABELS[field]);
    try {
      const { items, is_sampled: isSampled } = await valuesSeen(field, conditions(values, nowMs, field), { limit: MOST }, signal);
      if (signal.aborted) return;
      const most = Math.max(1, ...items.map(({ count }) => count));
      box.hidden = !items.length;
      box.replaceChildren(title, ...items.map((seen) => this.#entry(field, seen, seen.count / most, values, isSampled)));
    } catch (error) {
      if (!signal.aborted) box.replaceChildren(title, h("p", { class: "facet-failed", title: error instanceof Problem ? error.detail : "" }, FACETS.failed));
    }
  }

  /** @param {keyof typeof LABELS} field @param {Seen} seen @param {number} part @param {Values} values @param {boolean} isSampled */
  #entry(field, { value, count, label }, part, values, isSampled) {
    const pattern = literal(value);
    const filter = filtersOf(values).find((one) => one.field === field && one.value === pattern);
    const bar = h("span", { class: "facet-bar", "aria-hidden": "true" });
    bar.style.width = `${(part * 100).toFixed(1)}%`;
    // A name says more than its address, of which a narrow rail has no room for all.
    const text = (field === "source" ? [label, value] : [value, label]).filter(Boolean).join(" ");
    return h("button", { type: "button", class: `facet-entry${filter?.not ? " left-out" : ""}`, "aria-pressed": String(Boolean(filter && !filter.not)), title: `${text}\n${FACETS.chooses}`,
      "aria-keyshortcuts": "Alt+Enter", click: (event) => this.choose(field, pattern, event.altKey),
      keydown: (event) => {
        if (event.key !== "Enter" || !event.altKey) return;
        event.preventDefault();
        this.choose(field, pattern, true);
      } }, bar, h("span", { class: "facet-value" }, text), h("span", { class: "facet-count" }, `${isSampled ? "≈ " : ""}${count.toLocaleString()}`));
  }
}
