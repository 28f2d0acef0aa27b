/**
 * The ladder: a list with an item per message, hosts above that stay in sight. Only the rows in
 * sight and some around them are drawn, so that a call of thousands of messages scrolls as
 * smoothly as one of ten.
 */
import { h } from "../dom.js";
import { CALL } from "../words/call.js";
import { bandsOf } from "./bands.js";
import { columnsOf } from "./columns.js";
import { gutterHead, hostBoxes, lifelines } from "./heads.js";
import { movedOrder, partiesOf } from "./hosts.js";
import { rowItem } from "./item.js";
import { Minimap } from "./minimap.js";
import { RAIL, barsOf, railBars } from "./rail.js";
import { entriesOf, rowsBetween, rowsOf, wireUs } from "./rows.js";
import { Sequence } from "./sequence.js";
import { keepLabels } from "./sideways.js";
import { RowWindow } from "./window.js";

/** @typedef {import("./flow.js").Flow} Flow */
/** @typedef {import("./choices.js").Choices} Choices */
/** @typedef {import("./rows.js").ArrowRow} ArrowRow */
/**
 * @typedef {object} Options
 * @property {(number: number) => void} select
 * @property {(number: number, messageId: string) => void} copy shows a message as another capture point saw it
 * @property {(number: string) => void} unfold what begins with this message, or fold it again
 * @property {(keys: string[]) => void} order columns by their keys
 * @property {() => void} turnTime
 * @property {(box: HTMLElement, party: import("./hosts.js").Party, index: number) => void} menu
 * @property {(number: number) => string} hrefOf
 */

/** Rows drawn beyond the edges, in pixels: what a quick turn of the wheel covers. */
const AROUND = 520;
const HEAD = 52;

/** So wide is a ladder with a rail. */
const RAILED = 720;

/** What is kept free around a message that is brought into sight. */
const AIR = 26;
const FOOT = 24;

export class Ladder {
  #selected = 0;
  #marked = 0;
  #size = { width: 0, height: 0 };
  /** @type {import("./rows.js").Row[]} */
  rows = [];
  sequence = new Sequence([]);
  /** @type {import("./hosts.js").Party[]} */
  parties = [];
  /** Hosts that are hidden. @type {import("./hosts.js").Party[]} */
  hidden = [];
  height = 0;
  startUs = 0;
  columns = columnsOf(0, 0, "offset", false);
  /** @type {Choices | null} */
  choices = null;

  /** @param {Flow} flow @param {import("../api.js").MediaStream[]} streams @param {Options} options */
  constructor(flow, streams, options) {
    this.flow = flow;
    this.streams = streams;
    this.options = options;
    this.list = h("ol", { class: "arrows", "aria-label": CALL.messages });
    this.window = new RowWindow(this.list, (index) => this.#item(index));
    this.lines = h("div");
    this.rail = h("div", { class: "rail", "aria-hidden": "true" });
    this.heads = h("div", { class: "hosts", role: "group", "aria-label": CALL.hosts });
    this.empty = h("p", { class: "ladder-empty quiet", role: "status", hidden: true }, CALL.nothingLeft);
    this.frame = h("div", { class: "ladder-inner" }, this.lines, this.rail, this.heads, this.list, this.empty);
    this.scroller = h("section", { class: "ladder", "aria-label": CALL.ladder }, this.frame);
    this.map = new Minimap(this.scroller, HEAD);
    this.element = h("div", { class: "ladder-frame" }, this.scroller, this.map.element);
    this.scroller.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.list.addEventListener("click", (event) => this.#clicked(event));
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(this.scroller);
  }

  /** Draw it as the reader wants it; what is selected stays where it was. @param {Choices} choices */
  show(choices) {
    performance.mark("ladder-begin");
    const before = this.#top(this.#selected);
    this.choices = choices;
    const all = partiesOf(this.flow, choices);
    this.parties = all.parties;
    this.hidden = all.hidden;
    const first = this.flow.arrows[0];
    const entries = entriesOf(this.flow.arrows, choices, all.endsOf);
    this.startUs = first ? wireUs(first) : 0;
    const bands = choices.onlySdp ? [] : bandsOf(this.streams, this.flow.arrows, all);
    const { rows, height } = rowsOf(entries, choices, bands, this.startUs);
    this.rows = rows;
    this.height = height;
    this.sequence = new Sequence(rows);
    this.list.style.height = `${this.height + FOOT}px`;
    this.empty.hidden = this.rows.length > 0;
    this.#resize();
    const after = this.#top(this.#selected);
    if (before !== null && after !== null) this.scroller.scrollTop += after - before;
    performance.measure("ladder", "ladder-begin");
  }

  /** @param {number} number */
  #top(number) {
    return this.rows[this.sequence.placeOf(number)]?.top ?? null;
  }

  /** Mark a message as selected, 0 for none, and bring it into sight. @param {number} number */
  select(number) {
    const before = this.#selected;
    this.#selected = number;
    const row = this.arrowRow(number);
    if (row) this.#reveal(row);
    this.#again(before, number);
  }

  /** Mark a message as one to compare, 0 for none. @param {number} number */
  mark(number) {
    const before = this.#marked;
    this.#marked = number;
    this.#again(before, number);
  }

  /** @param {number[]} numbers */
  #again(...numbers) {
    const hadFocus = this.list.contains(document.activeElement);
    for (const number of new Set(numbers)) this.window.again(this.sequence.placeOf(number));
    this.#draw();
    if (hadFocus) this.focusSelected();
  }

  /** @param {number} number @returns {ArrowRow | null} null of one that is not drawn */
  arrowRow(number) {
    const row = this.rows[this.sequence.placeOf(number)];
    return row?.kind === "arrow" ? row : null;
  }

  /** The first message of the closed fold that a message is in, 0 if it is in none. @param {number} number */
  foldOf(number) {
    const fold = this.rows.find((row) => row.kind === "fold" && !row.isOpen && row.first <= number && number <= row.last);
    return fold?.kind === "fold" && fold.numbers.includes(number) ? fold.first : 0;
  }

  /** Time of a message since the first. @param {import("./flow.js").Arrow} arrow */
  offsetUs(arrow) {
    return wireUs(arrow) - this.startUs;
  }

  /** Bring the keyboard to the selected message. */
  focusSelected() {
    const link = this.list.querySelector("a[aria-current]");
    if (link instanceof HTMLElement) link.focus({ preventScroll: true });
  }

  /** Bring the keyboard to the box of a host. @param {string} key */
  focusHost(key) {
    const box = [...this.heads.querySelectorAll(".host")].find((one) => one instanceof HTMLElement && one.dataset["key"] === key);
    if (box instanceof HTMLElement) box.focus();
  }

  leave() {
    this.observer.disconnect();
  }

  /** @param {ArrowRow} row */
  #reveal({ top, from, to }) {
    const { scrollTop, clientHeight, scrollLeft, clientWidth } = this.scroller;
    const { middles, gutter } = this.columns;
    const [low, high] = [top - AIR, top + HEAD + 2 * AIR - clientHeight];
    if (scrollTop > low) this.scroller.scrollTop = Math.max(low, 0);
    else if (scrollTop < high) this.scroller.scrollTop = high;
    const left = (middles[Math.min(from, to)] ?? 0) - gutter - AIR;
    const right = (middles[Math.max(from, to)] ?? 0) + AIR - clientWidth;
    if (scrollLeft > left || scrollLeft < right) this.scroller.scrollLeft = Math.min(Math.max(right, 0), left);
  }

  /** What is drawn for this size already, is not drawn again. */
  #resized() {
    const { clientWidth, clientHeight } = this.scroller;
    if (clientWidth !== this.#size.width) this.#resize();
    else if (clientHeight !== this.#size.height) {
      this.#size.height = clientHeight;
      this.#draw();
      this.map.draw(this.rows, this.height);
    }
  }

  #resize() {
    if (!this.choices) return;
    this.#size = { width: this.scroller.clientWidth, height: this.scroller.clientHeight };
    const { parties } = this;
    const bars = barsOf(this.rows, this.startUs);
    const rail = bars.length && this.scroller.clientWidth >= RAILED ? RAIL : 0;
    const columns = columnsOf(parties.length, this.scroller.clientWidth - rail, this.choices.time, this.flow.legs.length > 1);
    this.columns = columns;
    this.rail.replaceChildren(...(rail ? railBars(bars) : []));
    this.rail.hidden = !rail;
    this.scroller.style.setProperty("--gutter", `${columns.gutter}px`);
    this.element.classList.toggle("narrow", columns.narrow);
    this.frame.style.width = `${columns.width + rail}px`;
    this.lines.replaceChildren(...lifelines(parties, columns));
    const focused = document.activeElement instanceof HTMLElement && this.heads.contains(document.activeElement) ? document.activeElement.dataset["key"] : undefined;
    const boxes = hostBoxes(parties, columns, { menu: this.options.menu, move: (party, to) => this.options.order(movedOrder(parties, party.key, to)) });
    this.heads.replaceChildren(...boxes, gutterHead(this.choices.time, this.options.turnTime), rail ? h("span", { class: "rail-head" }, CALL.media) : "");
    if (focused) this.focusHost(focused);
    const hadFocus = this.list.contains(document.activeElement);
    this.window.clear();
    const row = this.arrowRow(this.#selected);
    if (row) this.#reveal(row);
    this.#draw();
    if (hadFocus) this.focusSelected();
    this.map.draw(this.rows, this.height);
  }

  #draw() {
    const { scrollTop, scrollLeft, clientHeight } = this.scroller;
    const { first, end } = rowsBetween(this.rows, scrollTop - AROUND, scrollTop + clientHeight + AROUND);
    this.window.show(first, end);
    keepLabels(this.list, scrollLeft + this.columns.gutter);
    this.map.follow();
    // One stop of the Tab key: what is selected, else the first that is drawn.
    this.list.querySelector("a[tabindex='0']")?.setAttribute("tabindex", "-1");
    (this.list.querySelector("a[aria-current]") ?? this.list.querySelector("a"))?.setAttribute("tabindex", "0");
  }

  /** @param {number} index */
  #item(index) {
    const row = this.rows[index];
    if (!row) throw new RangeError(`no row ${index}`);
    return rowItem(row, { columns: this.columns, parties: this.parties, time: this.choices?.time ?? "offset", count: this.flow.arrows.length,
      selected: this.#selected, marked: this.#marked, hrefOf: this.options.hrefOf });
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const unfolds = event.target.closest("[data-unfold]")?.getAttribute("data-unfold");
    const pressed = event.target.closest("a, button");
    if (!(pressed instanceof HTMLElement)) return;
    event.preventDefault();
    const { number, fold, copy } = pressed.dataset;
    if (unfolds ?? fold) this.options.unfold(String(unfolds ?? fold));
    else if (copy) this.options.copy(Number(number), copy);
    else this.options.select(Number(number));
  }
}
