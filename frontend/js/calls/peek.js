/** The facts of the selected call beside the rows, without leaving them; only what its record says. */
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { callVerdict } from "../call/verdict.js";
import { outcomeOf } from "../outcome.js";
import { COLUMNS, PEEK } from "../words/calls.js";
import { statusText } from "./cells.js";

/** @typedef {import("../api.js").Call} Call */

/** @type {(keyof typeof COLUMNS)[]} */
const SHOWN = ["time", "answered_at", "ended_at", "from", "to", "ruri", "pdd", "talk", "mos", "worst_loss", "worst_jitter_ms", "source", "destination", "user_agent", "nodes", "message_count", "method", "call_id"];

/** Its messages are not read for a glance. */
const UNREAD = Object.freeze({ hosts: [], arrows: [], legs: [], skews: [], truncated: false });

export class Peek {
  /** @param {() => void} close */
  constructor(close) {
    this.close = close;
    this.element = h("aside", { class: "peek", "aria-label": PEEK.label, hidden: true });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** @param {Call} call @param {ReadonlyMap<string, import("./columns.js").CallColumn>} columns @param {string} href @param {number} nowMs */
  show(call, columns, href, nowMs) {
    const facts = SHOWN.flatMap((name) => {
      const column = columns.get(name);
      if (!column?.text(call)) return [];
      const title = column.title?.(call);
      return [h("dt", {}, column.label), h("dd", { class: column.look?.includes("code") ? "code" : "" }, ...(title && !column.look?.includes("number") ? [title] : column.cells(call)))];
    });
    this.element.replaceChildren(
      h("div", { class: "peek-head" }, glyph(outcomeOf(call)), h("h2", {}, callVerdict(call, UNREAD)), h("button", { type: "button", class: "flat", "aria-label": PEEK.close, title: PEEK.close, click: this.close }, "×")),
      h("p", { class: "peek-status" }, statusText(call, nowMs)), h("dl", {}, ...facts),
      h("div", { class: "actions" }, h("a", { class: "button primary", href }, PEEK.open)));
    this.element.hidden = false;
  }

  hide() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
