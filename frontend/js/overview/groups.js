/** KPIs by node, target or user agent: a grid whose rows lead to the calls they are about. */
import { API, get } from "../api.js";
import { h } from "../dom.js";
import { Grid } from "../lists/grid.js";
import { moreFoot } from "../lists/more.js";
import { Loader } from "../loading.js";
import { go } from "../router.js";
import { failureCard, stateCard } from "../states.js";
import { delayText } from "./delays.js";
import { GROUPS, exactly, rangeQuery } from "./query.js";
import { partText, percentText } from "./tiles.js";

/** @typedef {import("./data.js").KeyedKpis} Row */
/** @typedef {import("./tiles.js").CallsHref} CallsHref */

/** @type {("ser"|"seer"|"asr"|"ner"|"scr"|"isa"|"ira")[]} */
const RATIOS = ["ser", "seer", "asr", "ner", "scr", "isa", "ira"];

/** Ratios that a narrow screen has room for. */
const FIRST = new Set(["ser", "seer"]);

/** An address with its port, which a search for calls takes as it is; a name it does not. */
const ENDPOINT = /^(\[[\da-f:.]+\]|[\d.]+):\d+$/;

/** @typedef {{name: string, address: string, port: number | null}} Alias */

export class Groups {
  #loader = new Loader();
  /** @type {Grid<Row> | null} */
  #grid = null;
  /** @type {Alias[]} */
  #aliases = [];

  /** @param {{bins: import("../charts/bins.js").Bins, node: string, by: string, callsHref: CallsHref, chosen: (by: string) => void}} options */
  constructor(options) {
    this.options = options;
    this.by = options.by;
    this.list = h("div", { class: "groups" });
    this.title = h("h2");
    this.switches = h("div", { class: "actions", role: "group", "aria-label": "Told apart by" });
    this.element = h("section", { class: "card wide", "aria-label": "KPIs told apart" },
      h("header", {}, this.title, h("span", { class: "quiet" }, "% of attempts"), this.switches), this.list);
  }

  /** Ask from the start. */
  load() {
    const { by } = this;
    this.title.textContent = `KPIs by ${this.#name}`;
    this.switches.replaceChildren(...Object.entries(GROUPS).map(([name, label]) =>
      h("button", { type: "button", "aria-pressed": String(name === by), click: () => this.choose(name) }, label)));
    const again = { label: "Try again", run: () => this.load(), first: true };
    void this.#loader.run({
      place: this.list, what: "Loading",
      load: async (signal) => {
        const names = this.by === "target" ? get(`${API}/aliases`, new URLSearchParams(), signal) : { items: [] };
        const [page, { items }] = await Promise.all([this.#ask(signal), names]);
        this.#aliases = items;
        this.#grid = new Grid({ label: `KPIs by ${this.#name}`, look: "plain", columns: this.#columns(), hrefOf: (row) => this.#hrefOf(row), open: go });
        this.list.replaceChildren(this.#grid.element);
        this.#show(page);
      },
      failed: (error) => this.list.replaceChildren(failureCard(error, "This table cannot be shown", [again])),
      stopped: () => this.list.replaceChildren(stateCard({ look: "not-taken", title: "Stopped", text: [], steps: [again] })),
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
    this.#grid?.move(by);
  }

  openSelected() {
    this.#grid?.openSelected();
  }

  leave() {
    this.#loader.leave();
  }

  get #name() {
    return GROUPS[/** @type {keyof typeof GROUPS} */ (this.by)].toLowerCase();
  }

  /** @param {AbortSignal} signal @param {string} [cursor] */
  #ask(signal, cursor) {
    const query = rangeQuery(this.options.bins, this.options.node);
    query.set("by", this.by);
    if (cursor) query.set("cursor", cursor);
    return get(`${API}/stats/kpi`, query, signal);
  }

  /** @param {import("../api.js").List<Row>} page */
  #show({ items, next_cursor: cursor }) {
    this.#grid?.add(items);
    this.list.querySelector(".more")?.remove();
    if (cursor) this.list.append(moreFoot(this.#loader, "rows", async (signal) => this.#show(await this.#ask(signal, cursor))));
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
    return `${address.includes(":") ? `[${address}]` : address}:${port}`;
  }

  /** @returns {import("../lists/grid.js").Column<Row>[]} */
  #columns() {
    return [
      { name: GROUPS[/** @type {keyof typeof GROUPS} */ (this.by)], look: "key", cells: ({ key }) => [key || h("span", { class: "quiet" }, "not said")], title: ({ key }) => key },
      { name: "Calls", look: "number", cells: ({ asr }) => [asr.denominator.toLocaleString()] },
      ...RATIOS.map((name) => ({
        name: name.toUpperCase(), look: FIRST.has(name) ? "number" : "number minor",
        cells: (/** @type {Row} */ row) => [percentText(row[name].value)], title: (/** @type {Row} */ row) => partText(row[name]),
      })),
      { name: "PDD 95 %", look: "number minor", cells: ({ pdd }) => [delayText(pdd.p95_ms)] },
      { name: "ACD", look: "number minor", cells: ({ acd }) => [delayText(acd.mean_ms)] },
    ];
  }
}
