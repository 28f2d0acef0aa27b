/** What went wrong between the database and this page, in one sentence above the lists. */
import { h } from "../dom.js";
import { clock } from "../times.js";
import { LINK } from "../words/live.js";

/** Good news need not stay. */
const BRIEF_MS = 10_000;

/** @param {number} ms */
const clockAt = (ms) => clock(new Date(ms).toISOString()).slice(0, 8);

export class Notes {
  #timer = 0;
  /** When the connection broke, 0 while it holds. */
  #lostMs = 0;
  /** When the tab was hidden, 0 unless it just was. */
  #hiddenMs = 0;
  #isTrouble = false;
  #stalled = "";

  constructor() {
    this.element = h("div", { role: "status", class: "live-notes" });
  }

  /** @param {number} nowMs */
  lost(nowMs) {
    if (this.#lostMs || this.#hiddenMs) return;
    this.#lostMs = nowMs;
    // Why it broke was told already, where the server knew.
    if (!this.#isTrouble) this.#say(LINK.lostAt(clockAt(nowMs)));
  }

  /** @param {number} nowMs */
  hidden(nowMs) {
    this.#hiddenMs ||= nowMs;
  }

  /** The server refuses for now. @param {{title: string, detail: string}} problem */
  refused({ title, detail }) {
    this.#isTrouble = true;
    this.#say(`${title}. ${detail}`);
  }

  /** The stream begins, again or for the first time. Returns whether it was cut. */
  back() {
    const wasLost = this.#lostMs > 0;
    if (wasLost) {
      this.#say(LINK.nothingMissed(clockAt(this.#lostMs)), BRIEF_MS);
      // What was said of that before is gone from the page.
      this.#stalled = "";
    }
    return wasLost || this.#hiddenMs > 0;
  }

  /** Something arrives: whatever was cut is whole again. */
  whole() {
    [this.#lostMs, this.#hiddenMs] = [0, 0];
    if (!this.#isTrouble) return;
    this.#isTrouble = false;
    this.#say("");
  }

  /** @param {{from: string, to: string, reason: "slow" | "gap", messages: number | null}} lost */
  missed({ from, to, reason, messages }) {
    const [first, last] = [clock(from).slice(0, 8), clock(to).slice(0, 8)];
    if (reason === "slow") this.#say(LINK.slow(first, last, messages));
    else if (this.#hiddenMs) this.#say(LINK.wasHidden(first, last));
    else if (this.#lostMs) this.#say(LINK.mayMiss(clockAt(this.#lostMs), (Date.parse(to) - Date.parse(from)) / 1000));
    else this.#say(LINK.gap(first, last));
  }

  /** @param {{title: string, detail: string, since: string}} trouble */
  trouble({ title, detail, since }) {
    this.#isTrouble = true;
    this.#say(LINK.troubleAt(title, detail, clock(since).slice(0, 8)));
  }

  /** Say why no message comes, once; "" when that is over. @param {string} text */
  stalled(text) {
    if (text === this.#stalled) return;
    this.#stalled = text;
    this.#say(text);
  }

  leave() {
    clearTimeout(this.#timer);
  }

  /** @param {string} text @param {number} [briefMs] */
  #say(text, briefMs) {
    clearTimeout(this.#timer);
    const dismiss = h("button", { type: "button", class: "flat", click: () => this.#say("") }, LINK.dismiss);
    this.element.replaceChildren(...(text ? [h("p", { class: "note" }, h("span", {}, text), dismiss)] : []));
    if (briefMs) this.#timer = setTimeout(() => this.#say(""), briefMs);
  }
}
