/** The pane of the calls under way: their ages go on by themselves, their order keeps still while it is read. */
import { h } from "../dom.js";
import { go } from "../router.js";
import { LIVE } from "../words/live.js";
import { addressOfCall, age, callColumnsAt } from "./columns.js";
import { LiveList } from "./list.js";

/** @typedef {import("./columns.js").LiveCall} LiveCall */
/** @typedef {{now: number, is_at_least: boolean, starting_per_s: number, failures: import("./course.js").Failures, items: LiveCall[]}} CallsEvent */

export class CallsPane {
  /** @type {CallsEvent | null} */
  #last = null;
  #isPaused = false;

  /** @param {() => number} nowMs the server's clock @param {string} note which filters do not count here */
  constructor(nowMs, note) {
    this.nowMs = nowMs;
    /** @type {LiveList<LiveCall>} */
    this.list = new LiveList({ label: LIVE.underWay, columns: callColumnsAt(nowMs), keyOf: ({ call_id }) => call_id, hrefOf: addressOfCall,
      open: go, held: () => this.#show(), stampOf: ({ state, worst_mos: mos, nodes }) => `${state} ${mos} ${nodes.join()}` });
    this.facts = h("span", { class: "quiet" });
    this.empty = h("div", { class: "live-empty", hidden: true }, h("p", {}, LIVE.noCalls));
    this.list.element.append(this.empty);
    this.element = h("section", { class: "live-pane", "aria-label": LIVE.underWay },
      h("header", {}, h("h2", {}, LIVE.underWay), this.facts, note && h("span", { class: "quiet live-note", title: note }, note)), this.list.element);
  }

  /** @param {CallsEvent} event */
  take(event) {
    this.#last = event;
    this.#show();
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    this.#isPaused = isPaused;
    this.#show();
  }

  /** Let the ages go on. */
  tick() {
    if (this.#isPaused || !this.#last) return;
    const since = new Map(this.#last.items.map((call) => [call.call_id, call.started_at]));
    this.list.cells("live-age", (cell, key) => {
      const began = since.get(key);
      const text = cell.querySelector(".age");
      if (began && text) text.textContent = age(began, this.nowMs());
    });
  }

  #show() {
    const event = this.#last;
    if (!event || this.#isPaused) return;
    if (this.list.isHeld) this.list.update(event.items);
    else this.list.show(event.items);
    this.empty.hidden = this.list.size > 0;
    const facts = LIVE.listed(event.items.length, event.now, event.is_at_least);
    this.facts.textContent = this.list.isHeld ? `${facts} · ${LIVE.held}` : facts;
  }
}
