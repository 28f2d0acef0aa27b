/**
 * The whole of a long ladder as a strip at its right: a tick for each height, failures over
 * resends over all else, and what is in sight. A click or drag goes there; `n` is its key.
 */
import { h, svg } from "../dom.js";
import { isFailure } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */

/** From so many rows on there is one. */
const MAPPED_ROWS = 120;

const WIDTH = 18;
const TICK = 2;

/** What counts more hides what counts less. @type {readonly string[]} */
const RANKS = Object.freeze(["", "usual", "again", "failed"]);

export class Minimap {
  /** @param {HTMLElement} scroller @param {number} head height of what stays in sight above the rows */
  constructor(scroller, head) {
    this.scroller = scroller;
    this.head = head;
    this.ticks = svg("svg", { width: WIDTH, height: "100%" });
    this.sight = h("div", { class: "map-sight" });
    this.element = h("div", { class: "minimap", "aria-hidden": "true", hidden: true, pointerdown: (/** @type {PointerEvent} */ event) => this.#grab(event) }, this.ticks, this.sight);
  }

  /** @param {Row[]} rows @param {number} height of all rows */
  draw(rows, height) {
    this.height = height;
    this.element.hidden = rows.length < MAPPED_ROWS;
    if (this.element.hidden) return;
    const space = this.element.clientHeight;
    const ranks = new Uint8Array(Math.ceil(space / TICK) + 1);
    for (const row of rows) {
      const rank = row.kind === "arrow" ? (isFailure(row) ? 3 : row.arrow.resend ? 2 : 1) : row.kind === "fold" ? 2 : 0;
      const at = Math.floor((row.top / height) * space / TICK);
      if ((ranks[at] ?? 0) < rank) ranks[at] = rank;
    }
    this.ticks.replaceChildren(...RANKS.slice(1).map((look, index) => svg("path", {
      class: `map-tick ${look}`, d: [...ranks].map((rank, at) => (rank === index + 1 ? `M${look === "failed" ? 1 : 5} ${at * TICK}h${look === "failed" ? 16 : 8}` : "")).join("") || "M0 0",
    })));
    this.follow();
  }

  /** Show what is in sight. */
  follow() {
    if (this.element.hidden) return;
    const { scrollTop, clientHeight } = this.scroller;
    const scale = this.element.clientHeight / (this.height ?? 1);
    this.sight.style.top = `${scrollTop * scale}px`;
    this.sight.style.height = `${Math.max((clientHeight - this.head) * scale, 6)}px`;
  }

  height = 1;

  /** @param {PointerEvent} event */
  #grab(event) {
    event.preventDefault();
    const { top, height } = this.element.getBoundingClientRect();
    const go = (/** @type {PointerEvent} */ at) => {
      this.scroller.scrollTop = ((at.clientY - top) / height) * this.height - this.scroller.clientHeight / 2;
    };
    go(event);
    this.element.setPointerCapture(event.pointerId);
    this.element.onpointermove = go;
    this.element.onpointerup = () => { this.element.onpointermove = null; };
  }
}
