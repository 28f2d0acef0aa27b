/** Below the rows: that more are loading, or why they cannot be. */
import { Problem } from "../api.js";
import { h } from "../dom.js";
import { GRID } from "../words/grid.js";

export class Tail {
  /** @param {() => void} again */
  constructor(again) {
    this.again = again;
    this.element = h("div", { class: "tail", role: "status", hidden: true });
  }

  loading() {
    this.element.hidden = false;
    this.element.replaceChildren(GRID.loading);
  }

  /** @param {unknown} error */
  failed(error) {
    this.element.hidden = false;
    this.element.replaceChildren(`${GRID.failed(error instanceof Problem ? error.title : String(error))} `, h("button", { type: "button", click: this.again }, GRID.again));
  }

  done() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
