/** The messages that are drawn, by their numbers: which is next, which fails next. Pure. */
import { isFailure } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").ArrowRow} ArrowRow */

export class Sequence {
  /** Where in the rows a message is. @type {Map<number, number>} */
  #places = new Map();

  /** @param {Row[]} rows */
  constructor(rows) {
    /** @type {ArrowRow[]} */
    this.arrows = rows.filter((row) => row.kind === "arrow");
    rows.forEach((row, index) => { if (row.kind === "arrow") this.#places.set(row.number, index); });
  }

  /** The index of a message's row, -1 of one that is not drawn. @param {number} number */
  placeOf(number) {
    return this.#places.get(number) ?? -1;
  }

  /** The number of the message so many drawn ones further on, 0 where none is drawn. @param {number} number @param {number} by */
  next(number, by) {
    const { arrows } = this;
    const at = arrows.findIndex((row) => row.number >= number);
    const isDrawn = arrows[at]?.number === number;
    // Between two drawn ones a step leads to either of them.
    const from = isDrawn ? at : (at < 0 ? arrows.length : at) - (by > 0 ? 1 : 0);
    return arrows[Math.min(Math.max(from + by, 0), arrows.length - 1)]?.number ?? 0;
  }

  /** The number of the next failure, 0 if there is none further on. @param {number} number @param {1 | -1} by */
  nextFailure(number, by) {
    const failed = this.arrows.filter(isFailure).map((row) => row.number);
    return (by > 0 ? failed.find((one) => one > number) : failed.findLast((one) => one < (number || Infinity))) ?? 0;
  }
}
