/** The head of the overview: what range it is of, one node or all, and the choice of both. */
import { clockText, stepText, timeOf } from "../charts/bins.js";
import { now } from "../clock.js";
import { h } from "../dom.js";
import { rangeControls, rangeText, readRange } from "../range.js";
import { go } from "../router.js";
import { zone } from "../times.js";
import { NODES, OVERVIEW } from "../words/home.js";
import { HEAD_WORDS } from "../words/overview.js";
import { overviewAddress } from "./query.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("../charts/bins.js").Bins} Bins */

export class Head {
  /** @param {() => Values} values those of the screen at present */
  constructor(values) {
    this.values = values;
    this.title = h("h1");
    this.until = h("span", { class: "quiet" });
    this.counting = h("span", { class: "quiet" });
    this.nodes = h("select", { name: "node", "aria-label": HEAD_WORDS.node });
    this.nodes.addEventListener("change", () => this.#choose());
    this.element = h("form", { class: "overview-head", role: "search", "aria-label": HEAD_WORDS.label, submit: (event) => { event.preventDefault(); this.#choose(); } },
      h("div", { class: "overview-title" }, this.title, this.until, this.counting), this.nodes);
    /** @type {HTMLElement[]} */
    this.range = [];
    this.renew();
    this.offerNodes([]);
  }

  /** Show the range that the screen has by now. */
  renew() {
    this.range.forEach((one) => one.remove());
    this.range = rangeControls(this.values(), () => this.#choose());
    this.element.append(...this.range);
  }

  /** Offer these nodes, and the one that is shown. @param {string[]} names */
  offerNodes(names) {
    const chosen = this.values()["node"] ?? "";
    const all = [...new Set([...names, ...(chosen ? [chosen] : [])])].sort();
    const old = [...this.nodes.options].map(({ value }) => value).slice(1);
    if (this.nodes.options.length && old.join("\n") === all.join("\n")) return;
    this.nodes.replaceChildren(h("option", { value: "" }, NODES.all), ...all.map((name) => h("option", { value: name, selected: name === chosen }, name)));
  }

  /** Tell the range in words, and whether it was chosen to fit. @param {Bins} bins @param {boolean} isFitted */
  tell(bins, isFitted) {
    const { from = "", to = "" } = this.values();
    this.title.textContent = rangeText(this.values());
    if (!Number.isFinite(bins.startMs) || bins.count < 1) return;
    const isToNow = !to && from.startsWith("-");
    const end = isToNow ? HEAD_WORDS.until(clockText(Math.min(timeOf(bins, bins.count), now())), zone()) : "";
    const steps = HEAD_WORDS.steps(bins.stepMs === 86_400_000 ? HEAD_WORDS.day : stepText(bins.stepMs));
    this.until.textContent = `${end}${steps}, ${isFitted ? OVERVIEW.fitted : OVERVIEW.compared}`;
  }

  /** Tell whether calls of the range are still to be counted. @param {boolean} isCounting */
  tellCounting(isCounting) {
    this.counting.textContent = isCounting ? HEAD_WORDS.counting : "";
  }

  #choose() {
    const data = new FormData(this.element);
    go(overviewAddress({ ...this.values(), ...readRange(data), node: String(data.get("node") ?? "") }));
  }
}
