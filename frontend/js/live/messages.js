/** The pane of messages: newest first, bounded, and those that wait while rows keep their places. */
import { h } from "../dom.js";
import { go } from "../router.js";
import { micros } from "../times.js";
import { LIVE } from "../words/live.js";
import { MESSAGE_COLUMNS, addressOfMessage } from "./columns.js";
import { LiveList } from "./list.js";

/** @typedef {import("./columns.js").LiveMessage} LiveMessage */

/** Rows at most; as many may wait. */
const MOST = 300;

export class MessagesPane {
  /** Newest first. @type {LiveMessage[]} */
  #shown = [];
  /** @type {LiveMessage[]} */
  #waiting = [];
  #flow = "";
  #isPaused = false;
  /** All that came while paused, shown or not. */
  meanwhile = 0;

  constructor() {
    /** @type {LiveList<LiveMessage>} */
    this.list = new LiveList({ label: LIVE.messages, columns: MESSAGE_COLUMNS, keyOf: ({ id }) => id, hrefOf: addressOfMessage,
      open: go, held: () => this.#settle(), stampOf: () => "" });
    this.facts = h("span", { class: "quiet" }, LIVE.newestFirst);
    this.fresh = h("button", { type: "button", class: "live-fresh", hidden: true, click: () => this.showWaiting() });
    this.empty = h("div", { class: "live-empty" }, h("p", {}, LIVE.noMessages), h("p", { class: "quiet" }, LIVE.noMessagesWhy));
    this.list.element.append(this.empty);
    this.element = h("section", { class: "live-pane", "aria-label": LIVE.messages },
      h("header", {}, h("h2", {}, LIVE.messages), this.facts, this.fresh), this.list.element);
  }

  get isEmpty() {
    return !this.#shown.length && !this.#waiting.length;
  }

  /** Take messages that came; those that are known are left out. @param {LiveMessage[]} items @param {number} skipped */
  take(items, skipped) {
    const known = new Set([...this.#shown, ...this.#waiting].map(({ id }) => id));
    const fresh = items.filter(({ id }) => !known.has(id));
    if (this.#isPaused) this.meanwhile += fresh.length + skipped;
    this.#waiting = newest([...this.#waiting, ...fresh]);
    this.#settle();
    return fresh.length + skipped;
  }

  /** @param {boolean} isPaused */
  pause(isPaused) {
    this.#isPaused = isPaused;
    this.meanwhile = 0;
    this.#settle();
  }

  /** What flows, in words. @param {number} rate @param {number} oneOf */
  flow(rate, oneOf) {
    this.#flow = ` · ${LIVE.perSecond(rate)}${oneOf > 1 ? `, ${LIVE.oneOf(oneOf)}` : ""}`;
    this.#sayFacts();
  }

  /** Show what waits, at the top. */
  showWaiting() {
    this.list.toTop();
    this.#show();
  }

  #settle() {
    if (!this.#isPaused && !this.list.isHeld) this.#show();
    else this.#sayWaiting();
  }

  #show() {
    if (this.#waiting.length) {
      this.#shown = newest([...this.#waiting, ...this.#shown]);
      this.#waiting = [];
      this.list.show(this.#shown);
    }
    this.empty.hidden = Boolean(this.#shown.length);
    this.#sayWaiting();
  }

  #sayWaiting() {
    const count = this.#waiting.length;
    this.fresh.hidden = !count;
    this.fresh.textContent = LIVE.fresh(count);
    this.fresh.setAttribute("aria-label", LIVE.freshLong(count));
    this.#sayFacts();
  }

  #sayFacts() {
    this.facts.textContent = `${this.list.isHeld ? LIVE.held : LIVE.newestFirst}${this.#flow}`;
  }
}

/** @param {LiveMessage[]} messages */
function newest(messages) {
  return messages.map((message) => ({ message, at: micros(message.time) })).sort((one, other) => other.at - one.at).slice(0, MOST).map(({ message }) => message);
}
