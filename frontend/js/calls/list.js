/** The rows of a search and every state between them: loading, empty, failed, more, newer. */
import { now } from "../clock.js";
import { h } from "../dom.js";
import { keep, kept } from "../kept.js";
import { Loader } from "../loading.js";
import { failAbove, failureCard, stateCard } from "../states.js";
import { FOOT, SCREEN } from "../words/calls.js";
import { counted } from "../words/count.js";
import { ARRIVED } from "../home/first-start.js";
import { whyEmpty } from "../home/why-empty.js";
import { csvColumns } from "./csv.js";
import { Foot } from "./foot.js";
import { nothingMatches } from "./loosen.js";
import { Newcomers } from "./newcomers.js";
import { apiQuery } from "./query.js";
import { CallRows, MOST_NEWER } from "./rows.js";
import { Tail } from "../grid/tail.js";
import { callGrid } from "./table.js";
import { takeawayMenu } from "./takeaway.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../address.js").Values} Values */
/** @typedef {{rows: CallRows, top: number, total: number, isEstimated: boolean, ms: number, ticks: string[]}} Snapshot */
/** @typedef {{began: (nowMs: number) => void, stopped: () => void, arrived: (isFirstStart: boolean) => void, selected: (call: Call | null) => void, merge: () => void, turn: () => void}} Hooks */

/** Rows are loaded when fewer than these are left below what is seen; more once somebody scrolls. */
const AHEAD = 50;
const AHEAD_SCROLLING = 300;

/** How many pages one press of End loads at most. */
const PAGES_TO_END = 20;

const FOLLOWS = "calls.follow";

export class CallList {
  #loader = new Loader();
  #further = new AbortController();
  #ms = 0;
  /** How far the rows are scrolled; what is out of the document does not know. */
  #top = 0;
  #newer = 0;
  #total = -1;
  #isEstimated = false;
  /** @type {CallRows | null} */
  rows = null;
  nowMs = now();

  /** @param {Values} values @param {Hooks} hooks */
  constructor(values, hooks) {
    this.values = values;
    this.hooks = hooks;
    this.table = callGrid({
      nowMs: () => this.nowMs, isOldestFirst: () => this.values["order"] === "time", turn: hooks.turn, selected: hooks.selected,
      ticked: () => this.#tell(), near: (left) => { if (left < (this.#top ? AHEAD_SCROLLING : AHEAD)) void this.more(); },
    });
    this.grid = this.table.grid;
    this.tail = new Tail(() => void this.more());
    this.element = h("div", { class: "list calls-list", [ARRIVED]: () => this.search(this.values) });
    this.newcomers = new Newcomers({ count: (signal) => this.rows?.newer(signal) ?? Promise.resolve(0), found: (count) => this.#found(count) });
    this.foot = new Foot({
      load: () => this.reload(), follow: (follows) => keep(FOLLOWS, follows), merge: hooks.merge, untick: () => this.grid.clearTicks(), follows: kept(FOLLOWS, false),
      takeaway: takeawayMenu(() => ({ rows: this.rows?.items ?? [], ticked: this.grid.tickedRows, columns: csvColumns(this.table.columns(), this.table.all()) })),
    });
    this.grid.element.addEventListener("scroll", () => { this.#top = this.grid.element.scrollTop; });
    this.foot.say("");
  }

  /** Ask for a search from its start. @param {Values} values */
  search(values) {
    this.values = values;
    this.#settle();
    this.nowMs = now();
    this.hooks.began(this.nowMs);
    const again = { label: SCREEN.again, run: () => this.search(this.values), first: true };
    void this.#loader.run({
      place: this.element, what: SCREEN.searching,
      load: (signal) => this.#ask(signal),
      failed: (error) => this.#failed(failureCard(error, SCREEN.failed, [again])),
      stopped: () => {
        this.hooks.stopped();
        this.#failed(stateCard({ look: "not-taken", title: SCREEN.stopped, text: [SCREEN.quicker], steps: [again] }));
      },
    });
  }

  /** Ask again, and go to the newest rows. */
  reload() {
    if (this.#loader.isRunning) return;
    this.grid.element.scrollTop = 0;
    this.search(this.values);
  }

  /** Show what was shown before. @param {Snapshot} before */
  restore({ rows, top, total, isEstimated, ms, ticks }) {
    this.nowMs = rows.nowMs;
    this.#ms = ms;
    this.hooks.began(this.nowMs);
    ticks.forEach((key) => this.grid.ticks.toggle(key));
    [this.#total, this.#isEstimated] = [total, isEstimated];
    this.#show(rows);
    this.grid.element.scrollTop = top;
  }

  /** What to show when the reader comes back; null where there are no rows. @returns {Snapshot | null} */
  get snapshot() {
    const { rows } = this;
    return rows?.items.length ? { rows, top: this.#top, total: this.#total, isEstimated: this.#isEstimated, ms: this.#ms, ticks: this.grid.ticks.keys } : null;
  }

  leave() {
    this.#settle();
    this.table.leave();
    this.foot.leave();
  }

  /** How many calls match, -1 where that is not known. @param {number} total @param {boolean} isEstimated */
  count(total, isEstimated) {
    [this.#total, this.#isEstimated] = [total, isEstimated];
    if (this.rows?.items.length) this.#draw();
  }

  /** Load the next page of rows. */
  async more() {
    const { rows } = this;
    const { signal } = this.#further;
    if (!rows?.isPartial) return;
    const before = rows.items.length;
    this.tail.loading();
    try {
      await rows.more(signal);
      if (signal.aborted || rows !== this.rows) return;
      this.tail.done();
      if (rows.items.length !== before) this.#draw();
    } catch (error) {
      if (!signal.aborted) this.tail.failed(error);
    }
  }

  /** Go to the last row; those not loaded yet are loaded first, up to so many. */
  async toEnd() {
    const { signal } = this.#further;
    for (let page = 0; page < PAGES_TO_END && this.rows?.isPartial && !signal.aborted; page += 1) {
      const before = this.rows.items.length;
      await this.more();
      if (this.rows.items.length === before) break;
    }
    if (!signal.aborted) this.grid.move(Infinity);
  }

  /** End whatever is under way. */
  #settle() {
    this.#loader.leave();
    this.newcomers.stop();
    this.#further.abort();
    this.#further = new AbortController();
    this.tail.done();
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const rows = new CallRows(apiQuery(this.values, this.nowMs), this.nowMs);
    const began = performance.now();
    await rows.begin(signal);
    this.#ms = performance.now() - began;
    if (rows.items.length) {
      this.#show(rows);
      this.foot.announce(SCREEN.found(counted(rows.items.length, "call"), rows.isPartial));
      this.hooks.arrived(false);
      return;
    }
    const { card, isFirstStart } = await whyEmpty((newest) => nothingMatches(this.values, this.nowMs, newest, signal), signal);
    this.rows = null;
    // A first start that is shown already stays as it is, with what the reader chose in it.
    if (!card.isConnected) this.element.replaceChildren(card);
    this.foot.say(counted(0, "call"));
    this.hooks.arrived(isFirstStart);
  }

  /** Say what went wrong; rows that are there stay below. @param {HTMLElement} card */
  #failed(card) {
    if (!this.rows) this.element.replaceChildren();
    failAbove(this.element, card);
    if (!this.rows) this.foot.say("");
  }

  /** @param {CallRows} rows */
  #show(rows) {
    this.rows = rows;
    this.#newer = 0;
    this.table.refresh();
    this.#place();
    this.#draw();
    if (!this.values["to"] && this.values["order"] !== "time") this.newcomers.start();
  }

  /** Leave nothing but the rows, from the first on. Where they are there they stay: one who presses or has the focus in them keeps it. */
  #place() {
    const [grid, tail] = [this.grid.element, this.tail.element];
    if (grid.parentElement !== this.element || tail.parentElement !== this.element) this.element.replaceChildren(grid, tail);
    for (const other of [...this.element.children]) if (other !== grid && other !== tail) other.remove();
    grid.scrollTop = 0;
  }

  #draw() {
    const { rows } = this;
    if (!rows) return;
    const loaded = rows.items.length;
    this.grid.show(rows.items, rows.isPartial ? (this.#total < 0 || this.#isEstimated ? -1 : Math.max(this.#total, loaded)) : loaded);
    this.#tell();
  }

  #tell() {
    const { rows } = this;
    if (!rows) return;
    this.foot.show({
      loaded: rows.items.length, total: this.#total, isPartial: rows.isPartial, isEstimated: this.#isEstimated, isOldestFirst: this.values["order"] === "time", ms: this.#ms,
      newer: this.#newer ? FOOT.newer(this.#newer, MOST_NEWER) : "", ticked: this.grid.ticks.size,
    });
  }

  /** New calls have come: they wait, or come by themselves where the reader chose so and looks at the top. @param {number} count */
  #found(count) {
    const isReading = this.grid.element.scrollTop > 0 || this.grid.table.contains(document.activeElement) || this.grid.ticks.size > 0;
    this.#newer = count;
    if (kept(FOLLOWS, false) && !isReading) this.search(this.values);
    else this.#tell();
  }
}
