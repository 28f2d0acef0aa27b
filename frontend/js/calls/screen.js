/** The screen of calls: bar, outcomes, values seen, rows. Its state is the URL's. */
import { callAddress, readAddress, writeAddress } from "../address.js";
import { based } from "../base.js";
import { find, h } from "../dom.js";
import { onEscape, stepAction, useKeys } from "../keys.js";
import { fittingRange } from "../range.js";
import { go, noteAddress, stepAddress } from "../router.js";
import { strangerNotes } from "../states.js";
import { FACETS, KEYS, SCREEN } from "../words/calls.js";
import { noteSearch } from "../call/neighbours.js";
import { patterns } from "../charts/marks.js";
import { Bar } from "./bar.js";
import { choosing } from "./choose.js";
import { addressOfCall, momentOfCall } from "./columns.js";
import { Facets } from "./facets.js";
import { Form } from "./form.js";
import { CallList } from "./list.js";
import { Outcomes } from "./outcomes.js";
import { Peek } from "./peek.js";
import { PARAMETERS, isPlain } from "./query.js";
import { MOST_TOGETHER } from "./takeaway.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../address.js").Values} Values */

/** As many searches come back as they were left. */
const MOST_KEPT = 6;

/** A range shorter than this is nothing that fits: calls go on coming. */
const LEAST_FIT_MS = 3_600_000;

/** What was shown, by address: Back shows it at once. @type {Map<string, import("./list.js").Snapshot>} */
const before = new Map();

/** @param {import("../router.js").Visit} visit @returns {() => void} */
export function callsScreen({ place, search, returning }) {
  const { values, strangers } = readAddress(PARAMETERS, search);
  const screen = new CallsScreen(values);
  screen.mayFit = !/[?&](from|to)=/.test(search) && isPlain(values);
  place.append(...strangerNotes(strangers), ...screen.parts);
  screen.begin(returning);
  return () => screen.leave();
}

class CallsScreen {
  /** Whether the range may be made to fit what is stored: the link names none. */
  mayFit = false;
  /** @type {(() => void) | null} */
  #unlayer = null;

  /** @param {Values} values */
  constructor(values) {
    this.values = values;
    this.bar = new Bar(values, (wanted) => this.change(wanted), () => this.list.grid.focus());
    this.outcomes = new Outcomes({
      choose: (outcome, not) => this.change(choosing(this.values, "outcome", outcome, not)),
      zoom: (fromMs, toMs) => this.change({ ...this.values, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }),
      total: (total, isEstimated) => this.list.count(total, isEstimated),
      fits: (answer) => this.#fits(answer),
    });
    this.facets = new Facets((field, value, not) => this.change(choosing(this.values, field, value, not)), { id: "calls-facets", popover: "auto" });
    this.facets.element.addEventListener("toggle", () => this.facets.open());
    this.peek = new Peek(() => this.#closePeek());
    this.list = new CallList(values, {
      began: (nowMs) => void this.outcomes.load(this.values, nowMs), stopped: () => this.outcomes.stop(),
      arrived: (isFirstStart) => this.#arrived(isFirstStart),
      selected: (call) => this.#selected(call), merge: () => this.#merge(), turn: () => this.#turn(),
    });
    const sheet = h("button", { type: "button", class: "sheet-button", popovertarget: "calls-facets" }, FACETS.open);
    this.bar.element.append(sheet);
    this.form = new Form(() => this.values, (wanted) => this.change(wanted), this.bar.box);
    this.parts = [patterns(), h("h1", { class: "out-of-sight" }, SCREEN.title), this.bar.element, this.form.element, h("div", { class: "calls-body" },
      this.facets.element, h("div", { class: "calls-main" }, this.outcomes.element, this.list.element), this.peek.element)];
    this.#useKeys();
  }

  /** @param {boolean} returning */
  begin(returning) {
    const again = returning ? before.get(this.#address) : undefined;
    if (!again) {
      this.list.search(this.values);
      return;
    }
    this.list.restore(again);
    this.facets.load(this.values, this.list.nowMs);
    const sel = this.values["sel"] ?? "";
    const call = again.rows.items.find(({ call_id: callId }) => callId === sel);
    if (call) this.list.grid.selectKey(`${call.started_at} ${call.call_id}`);
  }

  /** Search for something else; Back returns to this. @param {Values} wanted */
  change(wanted) {
    this.mayFit = false;
    this.#keep();
    this.values = Object.freeze({ ...wanted, sel: "" });
    if (this.#address !== `${location.pathname}${location.search}`) stepAddress(this.#address);
    this.bar.show(this.values);
    this.#closePeek();
    this.list.search(this.values);
  }

  leave() {
    this.#keep();
    const { rows, nowMs } = this.list;
    noteSearch((rows?.items ?? []).map((call) => ({ callId: call.call_id, href: addressOfCall(call, nowMs) })));
    this.list.leave();
    this.#unlayer?.();
    this.bar.leave();
    this.form.leave();
    this.outcomes.leave();
    this.facets.leave();
  }

  /** The address of this search, without what is selected in it. */
  get #address() {
    return based(`/calls${writeAddress(PARAMETERS, { ...this.values, sel: "" })}`);
  }

  #keep() {
    const { snapshot } = this.list;
    before.delete(this.#address);
    if (snapshot) before.set(this.#address, snapshot);
    const [oldest] = before.keys();
    if (before.size > MOST_KEPT && oldest !== undefined) before.delete(oldest);
  }

  /**
   * Whether the range that was asked for is to be shown. Where the link names none, a shorter usual
   * one that holds all calls is taken instead: the rows are the same.
   * @param {import("./outcomes.js").Answer} answer
   */
  #fits({ start, step_s: stepS, total, items }) {
    const { mayFit, values, list: { nowMs } } = this;
    // Where nothing came yet, it is the first to come that the range is to fit.
    if (!mayFit || !total) return true;
    this.mayFit = false;
    const first = items.reduce((least, { counts }) => { const at = counts.findIndex(Boolean); return at < 0 ? least : Math.min(least, at); }, Infinity);
    const from = fittingRange(Math.min(Date.parse(start) + first * stepS * 1000, nowMs - LEAST_FIT_MS), nowMs);
    if (from === values["from"]) return true;
    this.values = Object.freeze({ ...values, from });
    this.list.values = this.values;
    this.#note(values["sel"] ?? "");
    this.bar.show(this.values);
    void this.outcomes.load(this.values, nowMs);
    return false;
  }

  /** @param {boolean} isFirstStart */
  #arrived(isFirstStart) {
    // Before anything is stored there is nothing to count.
    this.outcomes.element.hidden = isFirstStart;
    this.facets.element.hidden = isFirstStart;
    this.facets.load(this.values, this.list.nowMs);
  }

  /** @param {Call | null} call */
  #selected(call) {
    this.#note(call?.call_id ?? "");
    if (call && this.peek.isOpen) this.#showPeek(call);
  }

  /** @param {string} sel */
  #note(sel) {
    this.values = Object.freeze({ ...this.values, sel });
    noteAddress(based(`/calls${writeAddress(PARAMETERS, this.values)}`));
  }

  #turn() {
    this.change({ ...this.values, order: this.values["order"] === "time" ? "-time" : "time" });
  }

  #merge() {
    const ticked = this.list.grid.tickedRows.toSorted((one, other) => (one.started_at < other.started_at ? -1 : 1));
    const [first, ...others] = ticked;
    if (!first || !others.length) this.#say(SCREEN.tickTwo);
    else if (ticked.length > MOST_TOGETHER) this.#say(SCREEN.tooMany(MOST_TOGETHER));
    else go(callAddress(first.call_id, momentOfCall(first, this.list.nowMs), { with: others.map(({ call_id: callId }) => callId) }));
  }

  /** Keep only calls with the value of the cell, or leave them out. @param {boolean} not */
  #filterByCell(not) {
    const { selected, column } = this.list.grid;
    const keeps = selected && column ? this.list.table.all().get(column.name)?.keeps : undefined;
    const kept = selected && keeps?.(selected);
    if (!selected || !column) this.#say(SCREEN.noCell);
    else if (!kept) this.#say(SCREEN.noFilter);
    // To have no value is `!*`, to have one `*`.
    else if (!kept.value) this.change(choosing(this.values, kept.field, "*", !not));
    else this.change(choosing(this.values, kept.field, kept.value, not));
  }

  #togglePeek() {
    const { selected } = this.list.grid;
    if (this.peek.isOpen) this.#closePeek();
    else if (selected) this.#showPeek(selected);
  }

  /** @param {Call} call */
  #showPeek(call) {
    this.peek.show(call, this.list.table.all(), addressOfCall(call, this.list.nowMs), this.list.nowMs);
    this.#unlayer ??= onEscape(() => this.#closePeek());
  }

  #closePeek() {
    const hadFocus = this.peek.element.contains(document.activeElement);
    this.peek.hide();
    this.#unlayer?.();
    this.#unlayer = null;
    if (hadFocus) this.list.grid.focus();
  }

  #useKeys() {
    const { grid } = this.list;
    /** @param {{hint: string, does: string}} words @param {string[]} keys @param {(key: string) => void} run */
    const action = (words, keys, run) => ({ ...words, keys, run });
    useKeys([
      action(KEYS.search, ["/"], () => this.bar.focus()),
      action(KEYS.form, ["a"], () => this.form.open()),
      { ...stepAction("", (by) => (by === Infinity ? void this.list.toEnd() : grid.move(by))), keys: ["j", "k", "ArrowDown", "ArrowUp", "Home", "End"], hint: KEYS.move.hint, does: KEYS.move.does },
      action(KEYS.page, ["PageUp", "PageDown"], (key) => grid.movePage(key === "PageUp" ? -1 : 1)),
      action(KEYS.open, ["Enter"], () => grid.openSelected()),
      action(KEYS.peek, [" "], () => this.#togglePeek()),
      action(KEYS.tick, ["x", "X"], (key) => grid.tick(key === "X")),
      action(KEYS.merge, ["m"], () => this.#merge()),
      action(KEYS.keep, ["f"], () => this.#filterByCell(false)),
      action(KEYS.exclude, ["F"], () => this.#filterByCell(true)),
      action(KEYS.reload, ["r"], () => this.list.reload()),
    ]);
  }

  /** @param {string} words */
  #say(words) {
    find(".foot-said").textContent = words;
  }
}
