/**
 * The ladder: a list with an item per message, hosts above that stay in sight. Only the rows in
 * sight and some around them are drawn, so that a call of thousands of messages scrolls as
 * smoothly as one of ten.
 */
import { h } from "../dom.js";
import { arrowItem, gapItem } from "./arrow.js";
import { columnsOf, rowsBetween, rowsOf } from "./layout.js";
import { RowWindow } from "./window.js";

/** @typedef {import("../api.js").Flow} Flow */

/** Rows drawn beyond the edges, in pixels: what a quick turn of the wheel covers. */
const AROUND = 520;
const HEAD = 52;

/** What is kept free around a message that is brought into sight. */
const AIR = 26;

export class Ladder {
  #selected = 0;

  /** @param {Flow} flow @param {{absolute: boolean, select: (number: number) => void, toggleTime: () => void}} options */
  constructor(flow, options) {
    this.flow = flow;
    this.options = options;
    const { rows, height } = rowsOf(flow.hosts, flow.arrows);
    this.rows = rows;
    this.arrowRows = rows.filter((row) => row.kind === "arrow");
    this.names = new Map(flow.hosts.map((host) => [host.id, host.label]));
    this.columns = columnsOf(flow.hosts.length, 0, options.absolute);
    this.list = h("ol", { class: "arrows", "aria-label": "Messages" });
    this.list.style.height = `${height + 16}px`;
    this.window = new RowWindow(this.list, (index) => this.#item(index));
    this.lines = h("div");
    this.heads = h("div", { class: "hosts" });
    this.frame = h("div", { class: "ladder-inner" }, this.lines, this.heads, this.list);
    this.element = h("section", { class: "ladder", "aria-label": "Ladder" }, this.frame);
    this.element.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.list.addEventListener("click", (event) => this.#clicked(event));
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  /** Mark a message, 0 for none, and bring it into sight. @param {number} number */
  select(number) {
    this.#selected = number;
    const row = this.arrowRows[number - 1];
    if (row) this.#reveal(row);
    this.#redraw();
  }

  /** Bring the keyboard to the selected message. */
  focusSelected() {
    const link = this.list.querySelector("a[aria-current]");
    if (link instanceof HTMLElement) link.focus({ preventScroll: true });
  }

  /** @param {import("./layout.js").ArrowRow} row */
  #reveal({ top, from, to }) {
    const { scrollTop, clientHeight, scrollLeft, clientWidth } = this.element;
    const { middles, gutter } = this.columns;
    const [low, high] = [top - AIR, top + HEAD + 2 * AIR - clientHeight];
    if (scrollTop > low) this.element.scrollTop = Math.max(low, 0);
    else if (scrollTop < high) this.element.scrollTop = high;
    const left = (middles[Math.min(from, to)] ?? 0) - gutter - AIR;
    const right = (middles[Math.max(from, to)] ?? 0) + AIR - clientWidth;
    if (scrollLeft > left || scrollLeft < right) this.element.scrollLeft = Math.min(Math.max(right, 0), left);
  }

  #resize() {
    this.columns = columnsOf(this.flow.hosts.length, this.element.clientWidth, this.options.absolute);
    this.element.style.setProperty("--gutter", `${this.columns.gutter}px`);
    this.frame.style.width = `${this.columns.width}px`;
    const lines = this.columns.middles.map((x) => {
      const line = h("div", { class: "lifeline" });
      line.style.left = `${x}px`;
      return line;
    });
    this.lines.replaceChildren(...lines);
    this.heads.replaceChildren(...this.#hosts());
    this.#redraw();
    const row = this.arrowRows[this.#selected - 1];
    if (row) this.#reveal(row);
  }

  #hosts() {
    const { absolute, toggleTime } = this.options;
    const width = Math.min(this.columns.step - 8, 148);
    const boxes = this.flow.hosts.map((host, index) => {
      const port = host.port ? `port ${host.port}` : "any port";
      // A host without a name is labelled by its address, perhaps with its port.
      const isNamed = host.label !== host.id && !host.label.startsWith(host.address || "unknown");
      const words = isNamed ? [host.label, `${host.address} ${port}`] : [host.address, port];
      const box = h("div", { class: "host", title: words.join("\n") }, h("b", {}, words[0]), h("span", {}, words[1]));
      box.style.left = `${(this.columns.middles[index] ?? 0) - width / 2}px`;
      box.style.width = `${width}px`;
      return box;
    });
    const time = h("button", { type: "button", click: toggleTime, title: absolute ? "Show seconds since the first message" : "Show the time of day" }, absolute ? "Time" : "Offset");
    return [...boxes, h("div", { class: "gutter-head" }, h("span", {}, "#"), time)];
  }

  #redraw() {
    const hadFocus = this.list.contains(document.activeElement);
    this.window.clear();
    this.#draw();
    if (hadFocus) this.focusSelected();
  }

  #draw() {
    const { scrollTop, clientHeight } = this.element;
    const { first, end } = rowsBetween(this.rows, scrollTop - AROUND, scrollTop + clientHeight + AROUND);
    this.window.show(first, end);
  }

  /** @param {number} index */
  #item(index) {
    const row = this.rows[index];
    if (!row) throw new RangeError(`no row ${index}`);
    if (row.kind === "gap") return gapItem(row, this.columns);
    return arrowItem(row, this.columns, { names: this.names, absolute: this.options.absolute, count: this.arrowRows.length, selected: this.#selected });
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.options.select(Number(link.dataset["number"]));
  }
}
