/** The overview: is the network healthy, in figures, over time, and where not. */
import { readAddress } from "../address.js";
import { API, get } from "../api.js";
import { whyEmpty } from "../calls/empty.js";
import { clockText, stepText, timeOf } from "../charts/bins.js";
import { patterns } from "../charts/marks.js";
import { find, h } from "../dom.js";
import { stepAction, useKeys } from "../keys.js";
import { Loader } from "../loading.js";
import { RANGES, rangeControls, readRange } from "../range.js";
import { go, noteAddress } from "../router.js";
import { failureCard, stateCard, strangerNotes } from "../states.js";
import { longTime, micros } from "../times.js";
import { charts } from "./charts.js";
import { hasAny, loadOverview } from "./data.js";
import { delays } from "./delays.js";
import { failures } from "./failures.js";
import { Groups } from "./groups.js";
import { PARAMETERS, binsOf, callsAddress, overviewAddress } from "./query.js";
import { tiles } from "./tiles.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("./data.js").Overview} Overview */

/** How often one looks again for attempts that are about to be counted. */
const LOOK_AGAIN_MS = 3000;

/** What a range in whole steps never has. */
const SECONDS = ":00.000";

/** All nodes that ever sent are on offer, up to so many. */
const NODES = new URLSearchParams({ start: "1970-01-01T00:00:00Z", limit: "1000" });

/** @param {import("../router.js").Visit} visit @returns {() => void} */
export function overviewScreen({ place, search }) {
  const { values, strangers } = readAddress(PARAMETERS, search);
  const screen = new OverviewScreen(values);
  place.append(...strangerNotes(strangers), screen.form, screen.body);
  screen.load();
  return () => screen.leave();
}

class OverviewScreen {
  #loader = new Loader();
  #timer = 0;
  /** @type {Groups | null} */
  #groups = null;

  /** @param {Values} values */
  constructor(values) {
    this.values = values;
    this.title = h("h1");
    this.until = h("span", { class: "quiet" });
    this.nodes = h("select", { name: "node", "aria-label": "Node" });
    this.form = this.#headForm();
    this.body = h("div", { class: "overview" });
    this.#offerNodes([]);
    find(".foot-facts").textContent = "";
    useKeys([
      { keys: ["t"], hint: "time range", run: () => find("[name=range]", this.form).focus() },
      { keys: ["b"], hint: "tell apart by", run: () => this.#groups?.turn() },
      stepAction("row", (by) => this.#groups?.move(by)),
      { keys: ["Enter"], hint: "open", run: () => this.#groups?.openSelected() },
      { keys: ["r"], hint: "reload", run: () => this.load() },
    ]);
  }

  get #node() {
    return this.values["node"] ?? "";
  }

  /** Ask for everything. */
  load() {
    clearTimeout(this.#timer);
    const bins = binsOf(this.values, Date.now());
    const again = { label: "Try again", run: () => this.load(), first: true };
    this.#name(bins);
    void this.#loader.run({
      place: this.body, what: "Counting",
      load: async (signal) => {
        const [overview, nodes] = await Promise.all([loadOverview(bins, this.#node, signal), get(`${API}/nodes`, NODES, signal)]);
        this.#offerNodes(nodes.items.filter((/** @type {{kind: string}} */ { kind }) => kind === "node").map((/** @type {{name: string}} */ { name }) => name));
        if (hasAny(overview)) this.#show(bins, overview);
        else await this.#showNothing(bins, signal);
      },
      failed: (error) => this.#instead(failureCard(error, "The overview cannot be shown", [again])),
      stopped: () => this.#instead(stateCard({ look: "not-taken", title: "Stopped", text: ["A shorter time range is quicker."], steps: [again] })),
    });
  }

  leave() {
    clearTimeout(this.#timer);
    this.#loader.leave();
    this.#groups?.leave();
  }

  /** @param {import("../charts/bins.js").Bins} bins @param {Overview} overview */
  #show(bins, overview) {
    /** @param {Record<string, string>} [more] @param {number} [at] */
    const callsHref = (more, at) => callsAddress(bins, this.#node, more, at);
    this.#groups?.leave();
    this.#groups = new Groups({
      bins, node: this.#node, by: this.values["by"] ?? "node", callsHref,
      chosen: (by) => { this.values = Object.freeze({ ...this.values, by }); noteAddress(overviewAddress(this.values)); },
    });
    const drawn = charts(bins, overview, (at) => go(callsHref({}, at)));
    this.body.replaceChildren(patterns(), tiles(overview, callsHref), h("div", { class: "panels" },
      drawn.outcomes, failures(overview.statuses, callsHref), drawn.ratios, drawn.concurrent, drawn.registrations,
      drawn.delays, delays(overview), ...drawn.media, this.#groups.element));
    this.#groups.load();
    find(".foot-facts").textContent = [counted(overview.kpis.asr.denominator, "call"), counted(overview.kpis.ira.denominator, "registration")].join(", ");
  }

  /** @param {import("../charts/bins.js").Bins} bins @param {AbortSignal} signal */
  async #showNothing(bins, signal) {
    let isAboutToCome = false;
    const { card, isFirstStart } = await whyEmpty((newest) => {
      const startedMs = micros(newest.started_at) / 1000;
      isAboutToCome = !this.#node && newest.method === "INVITE" && startedMs >= bins.startMs && startedMs < timeOf(bins, bins.count);
      return isAboutToCome ? notCounted() : nothingBegan(this.values, newest);
    }, signal);
    this.#instead(card);
    if (isFirstStart || isAboutToCome) this.#timer = setTimeout(() => this.load(), LOOK_AGAIN_MS);
  }

  /** @param {HTMLElement} card */
  #instead(card) {
    this.#groups?.leave();
    this.#groups = null;
    this.body.replaceChildren(card);
    find(".foot-facts").textContent = "";
  }

  #headForm() {
    /** @type {HTMLFormElement} */
    const form = h("form", { class: "overview-head", role: "search", "aria-label": "Overview", submit: (event) => { event.preventDefault(); choose(); } },
      h("div", { class: "overview-title" }, this.title, this.until), this.nodes);
    const choose = () => {
      const data = new FormData(form);
      go(overviewAddress({ ...this.values, ...readRange(data), node: String(data.get("node") ?? "") }));
    };
    const controls = rangeControls(this.values, choose);
    const moments = controls[1];
    if (moments) moments.append(h("button", {}, "Show"));
    form.append(...controls);
    this.nodes.addEventListener("change", choose);
    return form;
  }

  /** @param {string[]} names */
  #offerNodes(names) {
    const all = [...new Set([...names, ...(this.#node ? [this.#node] : [])])].sort();
    this.nodes.replaceChildren(h("option", { value: "" }, "All nodes"), ...all.map((name) => h("option", { value: name, selected: name === this.#node }, name)));
  }

  /** @param {import("../charts/bins.js").Bins} bins */
  #name(bins) {
    const { from = "", to = "" } = this.values;
    const usual = to ? "" : RANGES[/** @type {keyof typeof RANGES} */ (from)] ?? "";
    const [start, end] = [bins.startMs, timeOf(bins, bins.count)].map((ms) => new Date(ms));
    this.title.textContent = usual || "From … to …";
    const steps = `steps of ${bins.stepMs === 86_400_000 ? "a day" : stepText(bins.stepMs)}`;
    if (!start || !end || Number.isNaN(start.getTime()) || bins.count < 1) return;
    const span = usual ? `to ${clockText(new Date())}` : spanText(start, end);
    if (!usual) this.title.textContent = span;
    this.until.textContent = usual ? `${span}, ${steps}` : steps;
  }
}

/** `Mon, 23 Nov 2026 09:40 – 10:20`; the day of the end only where it is another one. @param {Date} start @param {Date} end */
function spanText(start, end) {
  const [from, to] = [start, end].map((time) => longTime(time.toISOString()).slice(0, -SECONDS.length));
  const isSameDay = start.toDateString() === end.toDateString();
  return `${from} – ${isSameDay ? clockText(end) : to}`;
}

/** @param {number} count @param {string} what */
const counted = (count, what) => `${count.toLocaleString()} ${what}${count === 1 ? "" : "s"}`;

/** Calls are there, but an attempt counts only once it is settled and its call has been quiet. */
const notCounted = () => stateCard({
  look: "in-progress", title: "Calls arrive, none is counted yet",
  text: ["A call is counted some seconds after its last message, once it is answered or has failed. This page looks again by itself."],
  steps: [{ label: "See the calls", href: "/calls" }],
});

/** @param {Values} values @param {import("../api.js").Call} newest */
function nothingBegan(values, newest) {
  const wider = Object.entries(RANGES).filter(([from]) => from === "-7d" || from === "-30d").map(([from, label]) => ({ label, href: overviewAddress({ ...values, from, to: "" }) }));
  const day = { from: new Date(micros(newest.started_at) / 1000 - 12 * 3_600_000).toISOString(), to: new Date(micros(newest.started_at) / 1000 + 12 * 3_600_000).toISOString() };
  return stateCard({
    look: "not-taken", title: values["node"] ? `No call or registration of “${values["node"]}” in this range` : "No call or registration in this range",
    text: [`The newest call stored is of ${longTime(newest.started_at)}.`],
    steps: [...(values["node"] ? [{ label: "All nodes", href: overviewAddress({ ...values, node: "" }) }] : []), ...wider,
      { label: "Around the newest call", href: overviewAddress({ ...values, ...day }) }],
  });
}
