/** Two messages compared: pairs of headers and lines, what changed underlined, what only one has signed. */
import { h } from "../../dom.js";
import { Loader } from "../../loading.js";
import { wholeHost } from "../../outcome.js";
import { failureCard } from "../../states.js";
import { clock } from "../../times.js";
import { COMPARE, MESSAGE } from "../../words/call.js";
import { readSip } from "../sip.js";
import { payloadText } from "../store.js";
import { visibleText } from "../unseen.js";
import { headerPairs, linePairs } from "./align.js";
import { changedSpans } from "./spans.js";

/** @typedef {import("./align.js").Pair} Pair */
/** @typedef {{number: number, arrow: import("../../ladder/flow.js").Arrow}} Side */
/** @typedef {{store: import("../store.js").MessageStore, end: () => void, swap: () => void, select: (number: number) => void}} Options */

export class CompareView {
  #loader = new Loader();
  #onlyChanged = false;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.element = h("aside", { class: "message compare", "aria-label": COMPARE.between, hidden: true });
  }

  /** @param {Side} left @param {Side} right */
  show(left, right) {
    this.element.hidden = false;
    const again = { label: MESSAGE.again, run: () => this.show(left, right), first: true };
    void this.#loader.run({
      place: this.element, what: COMPARE.loading,
      load: async (signal) => {
        const [one, other] = await Promise.all([this.options.store.load(left.arrow.message_id, signal), this.options.store.load(right.arrow.message_id, signal)]);
        this.#fill(left, one, right, other);
      },
      failed: (error) => this.element.replaceChildren(failureCard(error, COMPARE.failed, [again])),
      stopped: () => this.options.end(),
    });
  }

  hide() {
    this.#loader.leave();
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /** @param {Side} left @param {import("../../api.js").Message} one @param {Side} right @param {import("../../api.js").Message} other */
  #fill(left, one, right, other) {
    const [ours, theirs] = [readSip(payloadText(one)), readSip(payloadText(other))];
    const [headers, lines] = [headerPairs(ours, theirs), linePairs(ours.body, theirs.body)];
    const differing = [...headers, ...lines].filter(({ left: a, right: b }) => a !== b).length;
    /** @param {string} label @param {string} sign @param {() => void} click */
    const button = (label, sign, click) => h("button", { type: "button", "aria-label": label, title: label, click }, sign);
    const only = h("button", { type: "button", "aria-pressed": String(this.#onlyChanged), click: () => {
      this.#onlyChanged = !this.#onlyChanged;
      this.#fill(left, one, right, other);
      const again = this.element.querySelector("[aria-pressed]");
      if (again instanceof HTMLElement) again.focus();
    } }, COMPARE.differences);
    this.element.replaceChildren(
      h("div", { class: "message-head" },
        h("div", { class: "message-title" }, h("h2", {}, `#${left.number} ⇄ #${right.number}`), only, button(COMPARE.swap, "⇄", this.options.swap), button(COMPARE.end, "×", this.options.end)),
        h("p", { role: "status" }, COMPARE.count(differing))),
      h("div", { class: this.#onlyChanged ? "compare-rows only-changed" : "compare-rows", tabindex: 0, role: "region", "aria-label": COMPARE.compare },
        h("div", { class: "compare-ends" }, this.#end(left, one), this.#end(right, other)),
        ...headers.map(pairRow), lines.length > 0 && h("h3", {}, COMPARE.body), ...lines.map(pairRow)));
  }

  /** @param {Side} side @param {import("../../api.js").Message} message */
  #end({ number, arrow }, message) {
    return h("button", { type: "button", class: "compare-end", click: () => this.options.select(number) }, h("strong", {}, `#${number} ${visibleText(arrow.label)}`),
      h("span", { class: "quiet" }, `${wholeHost(message.source)} → ${wholeHost(message.destination)} · ${clock(message.time)}`));
  }
}

/** @param {Pair} pair */
function pairRow({ name, left, right }) {
  const look = left === right ? "same" : left === null ? "added" : right === null ? "removed" : "changed";
  const words = look === "same" ? COMPARE.same : look === "added" ? COMPARE.added : look === "removed" ? COMPARE.removed : COMPARE.changed;
  const spans = look === "changed" ? changedSpans(visibleText(left ?? ""), visibleText(right ?? "")) : null;
  const label = name && h("span", { class: "name" }, `${visibleText(name)}: `);
  /** @param {string | null} text @param {import("./spans.js").Span[] | undefined} parts @param {string} sign */
  const cell = (text, parts, sign) => h("div", { class: text === null ? "cell none" : "cell" }, look !== "same" && text !== null && h("span", { class: "sign", "aria-hidden": "true" }, sign),
    text !== null && label && label.cloneNode(true), ...(text === null ? [] : parts ? parts.map((part) => (part.isChanged ? h("mark", {}, part.text) : part.text)) : [visibleText(text)]));
  return h("div", { class: `pair ${look}`, role: "group", "aria-label": [name, words].filter(Boolean).join(", ") }, cell(left, spans?.left, "−"), cell(right, spans?.right, "+"));
}
