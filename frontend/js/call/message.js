/** The message beside the ladder. */
import { API, get } from "../api.js";
import { h } from "../dom.js";
import { Loader } from "../loading.js";
import { addressOf } from "../outcome.js";
import { failureCard, stateCard } from "../states.js";
import { longTime } from "../times.js";
import { offsetText } from "./arrow.js";
import { payloadText, wireText } from "./wire.js";

/** @typedef {import("../api.js").Message} Message */
/** @typedef {import("./layout.js").ArrowRow} ArrowRow */

/** Messages kept for going back and forth; a message never changes. */
const KEPT = 200;

export class MessagePanel {
  #loader = new Loader();
  /** @type {Map<string, Message>} */
  #kept = new Map();

  /** @param {{close: () => void, step: (by: number) => void}} options */
  constructor(options) {
    this.options = options;
    this.element = h("aside", { class: "message", "aria-label": "Message", hidden: true });
  }

  /** Show the message of a row. @param {ArrowRow} row */
  show(row) {
    this.element.hidden = false;
    const id = row.arrow.message_id;
    const again = { label: "Try again", run: () => this.show(row), first: true };
    const known = this.#kept.get(id);
    if (known) {
      this.#loader.leave();
      this.#fill(row, known);
      return;
    }
    void this.#loader.run({
      place: this.element, what: "Loading the message",
      load: async (signal) => {
        const path = `${API}/messages/${encodeURIComponent(id)}`;
        const message = await get(path, new URLSearchParams({ include: "payload" }), signal);
        if (this.#kept.size >= KEPT) this.#kept.clear();
        this.#kept.set(id, message);
        this.#fill(row, message);
      },
      failed: (error) => this.element.replaceChildren(failureCard(error, "The message cannot be shown", [again])),
      stopped: () => this.element.replaceChildren(stateCard({ look: "not-taken", title: "Stopped", text: [], steps: [again] })),
    });
  }

  /** Close it. */
  hide() {
    this.#loader.leave();
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  leave() {
    this.#loader.leave();
  }

  /** @param {ArrowRow} row @param {Message} message */
  #fill(row, message) {
    const { close, step } = this.options;
    const text = payloadText(message);
    /** @param {string} label @param {string} sign @param {() => void} click */
    const button = (label, sign, click) => h("button", { type: "button", "aria-label": label, title: label, click }, sign);
    const said = h("span", { class: "out-of-sight", role: "status" });
    const copy = button("Copy message", "Copy", () => void copyText(text).then((done) => {
      said.textContent = copy.textContent = done ? "Copied" : "Ctrl-C copies";
      if (!done) getSelection()?.selectAllChildren(wire);
    }));
    const wire = wireText(text);
    const facts = [`${addressOf(message.source)} → ${addressOf(message.destination)}`, message.transport?.toUpperCase(),
      `${new TextEncoder().encode(text).length} bytes`, message.node && `seen by ${message.node}`];
    const notes = [message.fault && `Not valid SIP in all parts: ${message.fault.replaceAll("_", " ").replaceAll(",", ", ")}.`,
      message.payload_base64 && "Not valid UTF-8: other bytes are shown as \uFFFD. The PCAP export has them as they are."];
    this.element.replaceChildren(
      h("div", { class: "message-head" },
        h("div", { class: "message-title" }, h("h2", {}, `#${row.number} ${row.arrow.label}`), copy,
          button("Previous message", "↑", () => step(-1)), button("Next message", "↓", () => step(1)), button("Close message", "×", close), said),
        h("p", {}, facts.filter(Boolean).join(" · ")),
        h("p", {}, `${longTime(message.time)} · ${offsetText(row.offsetUs)} s after the first${message.cseq ? ` · CSeq ${message.cseq}` : ""}`),
        ...notes.map((note) => note && h("p", {}, note))),
      wire);
  }
}

/** Copy text; without a secure context browsers have no clipboard. @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
