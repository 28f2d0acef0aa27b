/** KPIs by node, target or user agent: a grid whose rows lead to the calls they are about. */
import { API, get } from "../api.js";
import { exactly } from "../calls/filter.js";
import { h } from "../dom.js";
import { chosenGrid } from "../grid/chosen.js";
import { Further } from "../grid/further.js";
import { PagedRows } from "../grid/paged.js";
import { Loader } from "../loading.js";
import { addressOf } from "../outcome.js";
import { go } from "../router.js";
import { failAbove, failureCard, stateCard } from "../states.js";
import { GROUP_WORDS as WORDS } from "../words/overview.js";
import { STATE_WORDS } from "../words/states.js";
import { delayText } from "./delays.js";
import { GROUPS, rangeQuery } from "./query.js";
import { RATIO_NAMES } from "./ratios.js";
import { partText, percentText } from "./tiles.js";

/** @typedef {import("./data.js").KeyedKpis} Row */
/** @typedef {import("./tiles.js").CallsHref} CallsHref */

/** Columns on a phone, and in which of its lines the ratios are. */
const NARROW = ["key", "calls", "ser", "seer"];
/** @type {Readonly<Record<string, string>>} */
const LINES = Object.freeze({ ser: "line-2", seer: "line-2-end" });

/** An address with its port, which a search for calls takes as it is; a name it does not. */
const ENDPOINT = /^(\[[\da-f:.]+\]|[\d.]+):\d+$/;

/** @typedef {{name: string, address: string, port: number | null}} Alias */

export class Groups {
  #loader = new Loader();
  /** @type {ReturnType<typeof chosenGrid<Row, import("../grid/row.js").Column<Row>>> | null} */
  #table = null;
  /** @type {Alias[]} */
  #aliases = [];

  /** @param {{bins: import("../charts/bins.js").Bins, node: string, by: string, callsHref: CallsHref, chosen: (by: string) => void}} options */
  constructor(options) {
    this.options = options;
    this.by = options.by;
    this.list = h("div", { class: "groups" });
    /** @type {Further<Row>} */
    this.further = new Further((rows) => this.#draw(rows));
    this.title = h("h2");
    this.switches = h("div", { class: "actions", role: "group", "aria-label": WORDS.apart });
    this.element = h("section", { class: "card wide", "aria-label": WORDS.label },
      h("header", {}, this.title, h("span", { class: "quiet" }, WORDS.note), this.switches), this.list);
  }

  /** Ask from the start; what is shown stays until there is something newer. */
  load() {
    const { by } = this;
    this.title.textContent = WORDS.title(this.#name);
    this.switches.replaceChildren(...Object.entries(GROUPS).map(([name, label]) =>
      h("button", { type: "button", "aria-pressed": String(name === by), click: () => this.choose(name) }, label)));
    const again = { label: STATE_WORDS.tryAgain, run: () => this.load(), first: true };
    this.further.stop();
    void this.#loader.run({
      place: this.list, what: WORDS.loading, load: (signal) => this.#ask(signal),
      failed: (error) => failAbove(this.list, failureCard(error, WORDS.cannot, [again])),
      stopped: () => failAbove(this.list, stateCard({ look: "not-taken", title: STATE_WORDS.stopped, text: [], steps: [again] })),
    });
  }

  /** Tell apart by something else. @param {string} by */
  choose(by) {
    this.by = by;
    this.options.chosen(by);
    this.load();
    const pressed = this.switches.querySelector("[aria-pressed=true]");
    if (pressed instanceof HTMLElement) pressed.focus();
  }

  /** Go on to the next of GROUPS. */
  turn() {
    const names = Object.keys(GROUPS);
    this.choose(names[(names.indexOf(this.by) + 1) % names.length] ?? "node");
  }

  /** @param {number} by */
  move(by) {
    this.#table?.grid.move(by);
  }

  openSelected() {
    this.#table?.grid.openSelected();
  }

  leave() {
    this.#loader.leave();
    this.further.stop();
    this.#table?.leave();
  }

  get #name() {
    return GROUPS[/** @type {keyof typeof GROUPS} */ (this.by)].toLowerCase();
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const query = rangeQuery(this.options.bins, this.options.node);
    query.set("by", this.by);
    /** @type {PagedRows<Row>} */
    const rows = new PagedRows("stats/kpi", query);
    const names = this.by === "target" ? get(`${API}/aliases`, new URLSearchParams(), signal) : { items: [] };
    const [{ items }] = await Promise.all([names, rows.begin(signal)]);
    this.#aliases = items;
    this.#table?.leave();
    this.#table = this.#grid();
    this.list.replaceChildren(this.#table.grid.element, this.further.tail.element);
    this.further.follow(rows);
  }

  /** @param {PagedRows<Row>} rows */
  #draw({ items, isPartial }) {
    this.#table?.grid.show(items, isPartial ? -1 : items.length);
  }

  #grid() {
    const columns = this.#columns();
    return chosenGrid({
      kept: "overview.columns", make: () => new Map(columns.map((column) => [column.name, column])), usual: new Set(columns.map(({ name }) => name)), narrow: NARROW,
      label: WORDS.title(this.#name), look: "two-lines groups-grid", mark: "", keyOf: (/** @type {Row} */ { key }) => key, hrefOf: (row) => this.#hrefOf(row), markOf: () => [],
      open: (row) => { const href = this.#hrefOf(row); if (href) go(href); }, near: (left) => this.further.near(left),
    });
  }

  /** @param {Row} row the calls of a row, "" where a search cannot name them */
  #hrefOf({ key, asr }) {
    const { callsHref } = this.options;
    // Registrations alone have no calls to show.
    if (!key || !asr.denominator) return "";
    if (this.by === "node") return callsHref({ nodes: exactly(key) });
    if (this.by === "user_agent") return callsHref({ user_agent: exactly(key) });
    const destination = ENDPOINT.test(key) ? key : this.#addressOf(key);
    return destination && callsHref({ destination });
  }

  /** The one address or network of a name, "" where there are several. @param {string} name */
  #addressOf(name) {
    const [alias, ...others] = this.#aliases.filter((one) => one.name === name);
    if (!alias || others.length) return "";
    const { address, port } = alias;
    if (!port || address.includes("/")) return address;
    return addressOf({ ip: address, port });
  }

  /** @returns {import("../grid/row.js").Column<Row>[]} */
  #columns() {
    return [
      { name: "key", label: GROUPS[/** @type {keyof typeof GROUPS} */ (this.by)], least: 160, grow: 4, look: "line-1", cells: ({ key }) => [key || h("span", { class: "quiet" }, WORDS.notSaid)], title: ({ key }) => key },
      { name: "calls", label: WORDS.calls, least: 84, grow: 1, look: "number line-1-end", cells: ({ asr }) => [asr.denominator.toLocaleString()] },
      ...RATIO_NAMES.map((name) => ({
        name, label: name.toUpperCase(), least: 66, grow: 1, look: `number ${LINES[name] ?? ""}`,
        cells: (/** @type {Row} */ row) => [percentText(row[name].value)], title: (/** @type {Row} */ row) => partText(row[name]),
      })),
      { name: "pdd", label: WORDS.pdd, least: 84, grow: 1, look: "number", cells: ({ pdd }) => [delayText(pdd.p95_ms)] },
      { name: "acd", label: WORDS.acd, least: 76, grow: 1, look: "number", cells: ({ acd }) => [delayText(acd.mean_ms)] },
    ];
  }
}
