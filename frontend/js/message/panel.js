/** The message beside the ladder: its text, taken apart, or its media; who saw it, and when. */
import { copyText } from "../copy.js";
import { h } from "../dom.js";
import { Loader } from "../loading.js";
import { wholeHost } from "../outcome.js";
import { failureCard, stateCard } from "../states.js";
import { longTime, micros } from "../times.js";
import { offsetText } from "../ladder/words.js";
import { MESSAGE } from "../words/call.js";
import { hasSdp, parsedView, sdpView } from "./parsed.js";
import { seenBy } from "./seen.js";
import { payloadText } from "./store.js";
import { visibleText } from "./unseen.js";
import { wireText } from "./wire.js";

/** @typedef {import("../api.js").Message} Message */
/** @typedef {import("../ladder/flow.js").Arrow} Arrow */
/** @typedef {{number: number, arrow: Arrow, offsetUs: number, messageId: string}} Shown `messageId` of the copy that is shown */
/** @typedef {"text" | "parsed" | "sdp"} View */
/** @type {readonly View[]} */
export const VIEWS = Object.freeze(["text", "parsed", "sdp"]);

/**
 * @typedef {object} Options
 * @property {import("./store.js").MessageStore} store
 * @property {() => void} close
 * @property {(by: number) => void} step
 * @property {(time: string) => void} logs
 * @property {() => void} mark
 * @property {() => View} view
 * @property {(view: View) => void} choose
 * @property {(messageId: string) => void} copy shows it as another capture point saw it
 */

export class MessagePanel {
  #loader = new Loader();
  /** @type {Message | null} */
  #message = null;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.said = h("span", { class: "out-of-sight", role: "status" });
    this.body = h("div", { class: "message-body" });
    this.element = h("aside", { class: "message", "aria-label": MESSAGE.message, hidden: true }, this.body, this.said);
  }

  /** @param {Shown} shown */
  show(shown) {
    this.element.hidden = false;
    const again = { label: MESSAGE.again, run: () => this.show(shown), first: true };
    const known = this.options.store.known(shown.messageId);
    if (known) {
      this.#loader.leave();
      this.#fill(shown, known);
      return;
    }
    void this.#loader.run({
      place: this.body, what: MESSAGE.loading,
      load: async (signal) => this.#fill(shown, await this.options.store.load(shown.messageId, signal)),
      failed: (error) => this.body.replaceChildren(failureCard(error, MESSAGE.failed, [again])),
      stopped: () => this.body.replaceChildren(stateCard({ look: "not-taken", title: MESSAGE.stopped, text: [], steps: [again] })),
    });
  }

  hide() {
    this.#loader.leave();
    this.#message = null;
    this.element.hidden = true;
    this.body.replaceChildren();
  }

  leave() {
    this.#loader.leave();
  }

  /** Copy what is on the wire. */
  copy() {
    if (!this.#message) return;
    void copyText(payloadText(this.#message)).then((done) => {
      this.said.textContent = done ? MESSAGE.copied : MESSAGE.byHand;
      const button = this.body.querySelector(".message-copy");
      if (button) button.textContent = this.said.textContent;
      const text = this.body.querySelector(".wire");
      if (!done && text) getSelection()?.selectAllChildren(text);
    });
  }

  /** @param {Shown} shown @param {Message} message */
  #fill(shown, message) {
    this.#message = message;
    const { number, arrow } = shown;
    const { close, step, logs, mark } = this.options;
    /** @param {string} label @param {string} sign @param {() => void} click @param {string} [look] */
    const button = (label, sign, click, look) => h("button", { type: "button", class: look, "aria-label": label, title: label, click }, sign);
    const payload = payloadText(message);
    const views = VIEWS.filter((view) => view !== "sdp" || hasSdp(payload));
    const view = views.includes(this.options.view()) ? this.options.view() : "text";
    const tabs = views.map((one) => h("button", { type: "button", "aria-pressed": String(one === view), click: () => { this.options.choose(one); this.#fill(shown, message); } }, MESSAGE.tabs[one]));
    this.body.replaceChildren(
      h("div", { class: "message-head" },
        h("div", { class: "message-title" }, h("h2", {}, h("span", {}, `#${number} `), visibleText(arrow.label)),
          button(MESSAGE.previous, "↑", () => step(-1)), button(MESSAGE.next, "↓", () => step(1)), button(MESSAGE.close, "×", close)),
        ...factLines(shown, message)),
      ...seenBy(shown, this.options.copy),
      h("div", { class: "message-bar" }, h("div", { class: "message-views", role: "group", "aria-label": MESSAGE.views }, ...tabs),
        button(MESSAGE.mark, MESSAGE.mark, mark), button(MESSAGE.logsAt, MESSAGE.logs, () => logs(message.time)), button(MESSAGE.copyMessage, MESSAGE.copy, () => this.copy(), "message-copy")),
      view === "parsed" ? parsedView(payload) : view === "sdp" ? sdpView(payload) : wireText(message, arrow.kind !== "rtcp" && arrow.kind !== "log"));
  }
}

/** @param {Shown} shown @param {Message} message */
function factLines({ arrow, offsetUs }, message) {
  const facts = [`${wholeHost(message.source)} → ${wholeHost(message.destination)}`, message.transport?.toUpperCase(),
    MESSAGE.bytes(new TextEncoder().encode(payloadText(message)).length), message.node && MESSAGE.by(message.node)];
  const skew = Math.abs(arrow.skew_ms) >= 1 && MESSAGE.corrected(longTime(message.time).slice(-12), message.node ?? "", arrow.skew_ms.toFixed(1));
  const notes = [skew, message.fault && MESSAGE.notValid(message.fault.replaceAll("_", " ").replaceAll(",", ", ")), message.payload_base64 && MESSAGE.notUtf8];
  const second = [`${longTime(message.time)}${String(micros(message.time) % 1000).padStart(3, "0").padStart(4, " ")}`, MESSAGE.after(offsetText(offsetUs)), message.cseq && `CSeq ${message.cseq}`];
  return [h("p", {}, visibleText(facts.filter(Boolean).join(" · "))), h("p", {}, visibleText(second.filter(Boolean).join(" · "))),
    ...notes.map((note) => note && h("p", { class: "message-note" }, visibleText(note)))];
}
