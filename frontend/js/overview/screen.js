/** The overview: is the network healthy, in figures, over time, and where not. */
import { readAddress } from "../address.js";
import { based } from "../base.js";
import { timeOf } from "../charts/bins.js";
import { patterns } from "../charts/marks.js";
import { now } from "../clock.js";
import { become, find, h } from "../dom.js";
import { ARRIVED } from "../home/first-start.js";
import { whyEmpty } from "../home/why-empty.js";
import { keptNote } from "../kept-since.js";
import { stepAction, useKeys } from "../keys.js";
import { Loader } from "../loading.js";
import { RANGES, fittingRange } from "../range.js";
import { go, noteAddress } from "../router.js";
import { failAbove, failureCard, stateCard, strangerNotes } from "../states.js";
import { longTime, micros } from "../times.js";
import { counted } from "../words/count.js";
import { NODES, OVERVIEW } from "../words/home.js";
import { OVERVIEW_KEYS } from "../words/overview.js";
import { charts } from "./charts.js";
import { clusterStrip } from "./clusters.js";
import { firstBin, hasAny, loadOverview } from "./data.js";
import { delays } from "./delays.js";
import { failures } from "./failures.js";
import { Groups } from "./groups.js";
import { Head } from "./head.js";
import { nodesCard } from "./nodes.js";
import { PARAMETERS, USUAL, binsOf, callsAddress, overviewAddress } from "./query.js";
import { ratios } from "./ratios.js";
import { Recount } from "./recount.js";
import { tiles } from "./tiles.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("./data.js").Overview} Overview */

/** How often one looks again for attempts that are about to be counted. */
const LOOK_AGAIN_MS = 3000;

const HALF_DAY_MS = 12 * 3_600_000;

/** Nobody wants a shorter range than an hour at first sight. */
const LEAST_FIT_MS = 16 * 60_000;

/** @param {import("../router.js").Visit} visit @returns {() => void} */
export function overviewScreen({ place, search }) {
  const { values, strangers } = readAddress(PARAMETERS, search);
  const screen = new OverviewScreen(values);
  place.append(...strangerNotes(strangers), screen.head.element, screen.body);
  screen.load();
  return () => screen.leave();
}

class OverviewScreen {
  #loader = new Loader();
  #timer = 0;
  /** @type {Recount | null} */
  #recount = null;
  /** @type {Groups | null} */
  #groups = null;

  /** @param {Values} values */
  constructor(values) {
    /** Whether the reader leaves the range to us; then it is the one that fits what is stored. */
    this.isOpen = !values["from"] && !values["to"];
    this.isFitted = false;
    /** @type {Values} */
    this.values = Object.freeze({ ...values, from: values["from"] || USUAL });
    this.head = new Head(() => this.values);
    this.body = h("div", { class: "overview" });
    this.body.addEventListener(ARRIVED, () => this.load());
    useKeys([
      { keys: ["b"], hint: OVERVIEW_KEYS.apart, run: () => this.#groups?.turn() },
      stepAction(OVERVIEW_KEYS.row, (by) => this.#groups?.move(by)),
      { keys: ["Enter"], hint: OVERVIEW_KEYS.open, run: () => this.#groups?.openSelected() },
      { keys: ["r"], hint: OVERVIEW_KEYS.reload, run: () => { if (!this.#loader.isRunning) this.load(); } },
    ]);
  }

  get #node() {
    return this.values["node"] ?? "";
  }

  /** Ask for everything. */
  load() {
    clearTimeout(this.#timer);
    this.#recount?.end();
    const bins = binsOf(this.values, now());
    const again = { label: OVERVIEW.again, run: () => this.load(), first: true };
    this.head.tell(bins, this.isFitted);
    void this.#loader.run({
      place: this.body, what: OVERVIEW.what,
      load: async (signal) => {
        const overview = await loadOverview(bins, this.#node, signal);
        if (this.isOpen && hasAny(overview) && this.#fit(bins, overview)) {
          const fitting = binsOf(this.values, now());
          this.head.tell(fitting, true);
          return this.#show(fitting, await loadOverview(fitting, this.#node, signal));
        }
        this.head.offerNodes(overview.nodes.filter(({ kind }) => kind === "node").map(({ name }) => name));
        if (hasAny(overview)) this.#show(bins, overview);
        else await this.#showNothing(bins, overview, signal);
        return undefined;
      },
      failed: (error) => failAbove(this.body, failureCard(error, OVERVIEW.cannot, [again])),
      stopped: () => failAbove(this.body, stateCard({ look: "not-taken", title: OVERVIEW.stopped, text: [OVERVIEW.shorter], steps: [again] })),
    });
  }

  leave() {
    clearTimeout(this.#timer);
    this.#recount?.end();
    this.#loader.leave();
    this.#groups?.leave();
  }

  /** Take the range that holds what a day of bins shows; false where that is the day. @param {import("../charts/bins.js").Bins} bins @param {Overview} overview */
  #fit(bins, overview) {
    const nowMs = now();
    const from = fittingRange(Math.min(timeOf(bins, firstBin(bins, overview)), nowMs - LEAST_FIT_MS), nowMs);
    this.isOpen = false;
    if (from === USUAL) return false;
    this.isFitted = true;
    this.values = Object.freeze({ ...this.values, from });
    noteAddress(overviewAddress(this.values));
    this.head.renew();
    this.head.offerNodes(overview.nodes.filter(({ kind }) => kind === "node").map(({ name }) => name));
    return true;
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
    const drawn = charts(bins, overview, (at) => go(callsHref({}, at)), callsHref);
    const strip = clusterStrip(overview.clusters, callsHref);
    const kept = keptNote(bins.startMs, overview.kept_since);
    const shownTiles = tiles(overview, callsHref);
    this.body.replaceChildren(patterns(), ...[kept, strip].filter((one) => one !== null), shownTiles, h("div", { class: "panels" },
      drawn.outcomes, failures(overview.statuses, callsHref), drawn.ratios, drawn.registrations, nodesCard(overview.nodes, callsHref, now()),
      ratios(overview), delays(overview), drawn.concurrent, drawn.delays, ...drawn.media, this.#groups.element));
    this.#groups.load();
    this.#tellCounts(overview);
    this.#recount = new Recount((newer) => {
      this.#tellCounts(newer);
      become(shownTiles, [...tiles(newer, callsHref).childNodes]);
      // The charts follow at once, where the reader is not busy with them.
      if (!newer.is_measuring && !this.body.contains(document.activeElement)) this.#showAgain(bins, newer);
    });
    if (overview.is_measuring) this.#recount.begin(bins, this.#node);
  }

  /** Show the same range with newer figures; what is read stays in sight. @param {import("../charts/bins.js").Bins} bins @param {Overview} overview */
  #showAgain(bins, overview) {
    const { scrollTop } = this.body;
    this.#show(bins, overview);
    this.body.scrollTop = scrollTop;
  }

  /** @param {Overview} overview */
  #tellCounts(overview) {
    this.head.tellCounting(overview.is_measuring);
    find(".foot-facts").textContent = [counted(overview.kpis.asr.denominator, "call"), counted(overview.kpis.ira.denominator, "registration")].join(", ");
  }

  /** @param {import("../charts/bins.js").Bins} bins @param {Overview} overview @param {AbortSignal} signal */
  async #showNothing(bins, overview, signal) {
    let isAboutToCome = false;
    const { card, isFirstStart } = await whyEmpty((newest) => {
      const startedMs = micros(newest.started_at) / 1000;
      const isOfRange = newest.method === "INVITE" && startedMs >= bins.startMs && startedMs < timeOf(bins, bins.count);
      isAboutToCome = !this.#node && (overview.is_measuring || isOfRange);
      return isAboutToCome ? notCounted() : nothingBegan(this.values, newest);
    }, signal);
    if (!card.isConnected) this.#instead(card);
    const kept = isFirstStart ? null : keptNote(bins.startMs, overview.kept_since);
    if (kept) this.body.prepend(kept);
    // A first start looks by itself.
    if (!isFirstStart && isAboutToCome) this.#timer = setTimeout(() => this.load(), LOOK_AGAIN_MS);
  }

  /** @param {HTMLElement} card */
  #instead(card) {
    this.#groups?.leave();
    this.#groups = null;
    this.body.replaceChildren(card);
    find(".foot-facts").textContent = "";
  }
}

/** Calls are there, but an attempt counts only once it is settled and its call has been quiet. */
const notCounted = () => stateCard({
  look: "in-progress", title: OVERVIEW.arriving, text: [OVERVIEW.arrivingWhy], steps: [{ label: OVERVIEW.seeCalls, href: based("/calls") }],
});

/** @param {Values} values @param {import("../api.js").Call} newest */
function nothingBegan(values, newest) {
  const wider = Object.entries(RANGES).filter(([from]) => from === "-7d" || from === "-30d").map(([from, label]) => ({ label, href: overviewAddress({ ...values, from, to: "" }) }));
  const newestMs = micros(newest.started_at) / 1000;
  const [from, to] = [newestMs - HALF_DAY_MS, newestMs + HALF_DAY_MS].map((ms) => new Date(ms).toISOString());
  return stateCard({
    look: "not-taken", title: values["node"] ? OVERVIEW.nothingOf(values["node"]) : OVERVIEW.nothing, text: [OVERVIEW.newest(longTime(newest.started_at))],
    steps: [...(values["node"] ? [{ label: NODES.all, href: overviewAddress({ ...values, node: "" }) }] : []), ...wider,
      { label: OVERVIEW.aroundNewest, href: overviewAddress({ ...values, from: from ?? "", to: to ?? "" }) }],
  });
}
