/** The ladder tab of a call: ladder, message beside it, two messages compared, and how they go together. */
import { h } from "../dom.js";
import { TIMES, listText, readChoices, toggled } from "../ladder/choices.js";
import { Ladder } from "../ladder/ladder.js";
import { CompareView } from "../message/compare/view.js";
import { MessagePanel } from "../message/panel.js";
import { splitter } from "../message/splitter.js";
import { MessageStore } from "../message/store.js";
import { COMPARE, NOTES } from "../words/call.js";
import { hideNoise, ladderBar } from "./bar.js";
import { openHostMenu } from "./hostmenu.js";

/** @typedef {import("../ladder/flow.js").Flow} Flow */
/** @typedef {import("./state.js").CallState} CallState */

export class LadderPart {
  /** The message as another capture point saw it, "" for the first. */
  #copy = "";

  /** @param {CallState} state @param {Flow} flow @param {import("../api.js").MediaStream[]} streams @param {(time: string) => void} logs */
  constructor(state, flow, streams, logs) {
    this.state = state;
    this.flow = flow;
    const store = new MessageStore();
    this.ladder = new Ladder(flow, streams, {
      select: (number) => this.select(number), copy: (number, id) => this.select(number, id), turnTime: () => this.turnTime(),
      unfold: (number) => this.change({ open: toggled(readChoices(state.values).open, number) }), order: (keys) => this.change({ order: listText(keys) }),
      menu: (box, party, index) => openHostMenu(box, party, index, this.ladder, state, (change) => { this.change(change); this.ladder.focusHost(party.key); }),
      hrefOf: (number) => state.addressWith({ msg: String(number), cmp: "" }),
    });
    this.panel = new MessagePanel({
      store, close: () => this.select(0), step: (by) => this.step(by), logs, mark: () => this.mark(), copy: (id) => this.select(this.number, id),
      view: () => /** @type {import("../message/panel.js").View} */ (state.get("view")), choose: (view) => state.note({ view }),
    });
    this.compare = new CompareView({ store, end: () => this.endCompare(), swap: () => this.swap(), select: (number) => this.select(number) });
    this.bar = h("div", { class: "ladder-bar-place" });
    this.said = h("p", { class: "mark-note", role: "status", hidden: true });
    this.element = h("div", { class: "call-body" });
    this.edge = splitter(this.element);
    this.element.append(h("div", { class: "ladder-side" }, this.said, this.ladder.element), this.edge, this.panel.element, this.compare.element);
  }

  get number() {
    return Number(this.state.get("msg"));
  }

  /** Draw what the address says. */
  show() {
    this.#draw();
    const [left, right] = this.state.get("cmp").split(",").map(Number);
    if (left && right) this.#compare(left, right);
    else if (this.number) this.select(this.number);
    this.#showMark();
  }

  /** @param {Record<string, string>} change */
  change(change) {
    const held = document.activeElement?.closest(".ladder-bar") ? document.activeElement.textContent : null;
    this.state.note(change);
    this.#draw();
    const same = held && [...this.bar.querySelectorAll("button")].find(({ textContent }) => textContent === held);
    if (same) same.focus();
  }

  #draw() {
    this.ladder.show(readChoices(this.state.values));
    this.#say();
    this.bar.replaceChildren(ladderBar(this.state, this.ladder, (change) => this.change(change)));
  }

  /** Select a message by its number, 0 for none. @param {number} number @param {string} [copy] its id at another capture point */
  select(number, copy = "") {
    const arrow = this.flow.arrows[number - 1];
    if (arrow) this.#unfold(number);
    this.#copy = copy;
    this.compare.hide();
    this.state.note({ msg: arrow ? String(number) : "", cmp: "" });
    this.#layout(Boolean(arrow), false);
    if (arrow) this.panel.show({ number, arrow, offsetUs: this.ladder.offsetUs(arrow), messageId: this.#copy || arrow.message_id });
    else this.panel.hide();
    this.ladder.select(arrow ? number : 0);
    this.#say();
  }

  /** Open the fold that a message is in. @param {number} number */
  #unfold(number) {
    const fold = this.ladder.foldOf(number);
    if (fold) this.change({ open: toggled(readChoices(this.state.values).open, String(fold)) });
  }

  /** Select the drawn message so many further on. @param {number} by */
  step(by) {
    const next = this.ladder.sequence.next(this.number, by);
    if (next) this.select(next);
  }

  /** Select the next failure. @param {1 | -1} by */
  stepFailure(by) {
    const found = this.ladder.sequence.nextFailure(this.number, by);
    if (found) this.select(found);
  }

  turnTime() {
    const at = TIMES.findIndex((time) => time === this.state.get("time"));
    this.change({ time: TIMES[(at + 1) % TIMES.length] ?? "offset" });
  }

  hideNoise() {
    hideNoise(this.state, (change) => this.change(change));
  }

  toggleSdp() {
    this.change({ only: this.state.get("only") ? "" : "sdp" });
  }

  /** Mark the selected message; on a second one compare the two. */
  mark() {
    const marked = Number(this.state.get("mark"));
    const { number } = this;
    if (!number) return;
    if (marked && marked !== number && this.flow.arrows[marked - 1]) this.#compare(marked, number);
    else this.state.note({ mark: marked === number ? "" : String(number) });
    this.#showMark();
  }

  #showMark() {
    const marked = this.state.get("cmp") ? 0 : Number(this.state.get("mark"));
    this.ladder.mark(marked);
    this.#say();
  }

  /** Say what the ladder alone does not show: that a message waits to be compared, or is hidden. */
  #say() {
    const marked = this.state.get("cmp") ? 0 : Number(this.state.get("mark"));
    const { number } = this;
    const isHidden = number > 0 && number <= this.flow.arrows.length && !this.ladder.arrowRow(number);
    this.said.textContent = [marked && COMPARE.waiting(marked), isHidden && NOTES.hiddenMessage(number)].filter(Boolean).join(" ");
    this.said.hidden = !this.said.textContent;
  }

  /** @param {number} left @param {number} right */
  #compare(left, right) {
    const [one, other] = [this.flow.arrows[left - 1], this.flow.arrows[right - 1]];
    if (!one || !other) return;
    this.state.note({ cmp: `${left},${right}`, msg: String(right), mark: "" });
    this.panel.hide();
    this.#layout(true, true);
    this.compare.show({ number: left, arrow: one }, { number: right, arrow: other });
    this.ladder.select(right);
  }

  swap() {
    const [left, right] = this.state.get("cmp").split(",").map(Number);
    if (left && right) this.#compare(right, left);
  }

  endCompare() {
    this.select(this.number);
  }

  /** Close what is topmost; false if nothing is open. */
  back() {
    if (this.state.get("cmp")) this.endCompare();
    else if (this.state.get("mark")) {
      this.state.note({ mark: "" });
      this.#showMark();
    } else if (this.number) this.select(0);
    else return false;
    return true;
  }

  /** @param {boolean} isOpen @param {boolean} isWide */
  #layout(isOpen, isWide) {
    this.element.classList.toggle("with-message", isOpen);
    this.element.classList.toggle("with-compare", isWide);
  }

  leave() {
    this.ladder.leave();
    this.panel.leave();
    this.compare.hide();
  }
}
