/** The screen of calls: form, grid, and every state between them. */
import { readAddress, writeAddress } from "../address.js";
import { API, get } from "../api.js";
import { find, h } from "../dom.js";
import { stepAction, useKeys } from "../keys.js";
import { Grid } from "../lists/grid.js";
import { moreFoot } from "../lists/more.js";
import { Loader } from "../loading.js";
import { go, noteAddress } from "../router.js";
import { failureCard, stateCard, strangerNotes } from "../states.js";
import { addressOfCall, callColumns } from "./columns.js";
import { nothingMatches, whyEmpty } from "./empty.js";
import { searchForm } from "./form.js";
import { PARAMETERS, apiQuery } from "./query.js";

/** @typedef {import("../api.js").List<import("../api.js").Call>} Page */

/** How often the first start looks whether something has come. */
const LOOK_AGAIN_MS = 3000;

/** @typedef {{address: string, query: URLSearchParams, nowMs: number, pages: Page[], top: number}} Shown */

/** What was shown last: Back shows it at once, as it was. @type {Shown | null} */
let kept = null;

/** @param {import("../router.js").Visit} visit @returns {() => void} */
export function callsScreen({ place, search, returning }) {
  const { values, strangers } = readAddress(PARAMETERS, search);
  const screen = new CallsScreen(values);
  place.append(...strangerNotes(strangers), screen.form, screen.list);
  const again = returning && kept?.address === screen.address ? kept : null;
  if (again) screen.restore(again);
  else screen.search();
  return () => screen.leave();
}

class CallsScreen {
  #loader = new Loader();
  #timer = 0;
  #nowMs = Date.now();
  #query = new URLSearchParams();
  /** @type {Page[]} */
  #pages = [];
  /** @type {Grid<import("../api.js").Call> | null} */
  #grid = null;

  /** @param {import("../address.js").Values} values */
  constructor(values) {
    this.values = values;
    this.address = this.#addressWith({ sel: "" });
    this.form = searchForm(values, (wanted) => go(`/calls${writeAddress(PARAMETERS, wanted)}`));
    this.list = h("div", { class: "list" });
    useKeys([
      { keys: ["/"], hint: "search", run: () => find("[name=q]", this.form).focus() },
      stepAction("row", (by) => this.#grid?.move(by)),
      { keys: ["Enter"], hint: "open", run: () => this.#grid?.openSelected() },
      { keys: ["r"], hint: "reload", run: () => this.search() },
    ]);
    this.#say("");
  }

  /** Ask from the start. */
  search() {
    clearTimeout(this.#timer);
    this.#nowMs = Date.now();
    this.#query = apiQuery(this.values, this.#nowMs);
    const retry = { label: "Try again", run: () => this.search(), first: true };
    void this.#loader.run({
      place: this.list, what: "Searching",
      load: (signal) => this.#ask(signal),
      failed: (error) => this.#instead(failureCard(error, "The search failed", [retry]), ""),
      stopped: () => this.#instead(stateCard({ look: "not-taken", title: "Stopped", text: ["A shorter time range, or a Call-ID, number or address, makes a search quick."], steps: [retry] }), ""),
    });
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const page = await get(`${API}/calls`, this.#query, signal);
    if (page.items.length) {
      this.#begin();
      this.#show(page);
      return;
    }
    const { card, isFirstStart } = await whyEmpty((newest) => nothingMatches(this.values, newest), signal);
    if (isFirstStart) this.#timer = setTimeout(() => this.search(), LOOK_AGAIN_MS);
    this.#instead(card, "0 calls");
  }

  /** Show a state in place of rows. @param {HTMLElement} card @param {string} words */
  #instead(card, words) {
    this.#pages = [];
    this.#grid = null;
    this.list.replaceChildren(card);
    this.#say(words);
  }

  /** @param {string} cursor @param {AbortSignal} signal */
  async #askMore(cursor, signal) {
    const query = new URLSearchParams(this.#query);
    query.set("cursor", cursor);
    this.#show(await get(`${API}/calls`, query, signal));
  }

  /** Show what was shown before. @param {Shown} before */
  restore(before) {
    this.#nowMs = before.nowMs;
    this.#query = before.query;
    this.#begin();
    before.pages.forEach((page) => this.#show(page));
    this.list.scrollTop = before.top;
    if (this.values["sel"]) this.#grid?.selectKey(this.values["sel"]);
  }

  leave() {
    clearTimeout(this.#timer);
    this.#loader.leave();
    kept = this.#pages.length ? { address: this.address, query: this.#query, nowMs: this.#nowMs, pages: this.#pages, top: this.#top } : null;
  }

  #top = 0;

  #begin() {
    this.#pages = [];
    this.#grid = new Grid({
      label: "Calls", columns: callColumns(this.#nowMs, () => this.#orderButton()),
      hrefOf: (call) => addressOfCall(call, this.#nowMs), keyOf: (call) => call.call_id, open: go,
      selected: (sel) => noteAddress(this.#addressWith({ sel })),
    });
    this.list.replaceChildren(this.#grid.element);
    this.list.onscroll = () => { this.#top = this.list.scrollTop; };
  }

  /** @param {Page} page */
  #show(page) {
    this.#pages.push(page);
    this.#grid?.add(page.items);
    this.list.querySelector(".more")?.remove();
    const count = `${this.#grid?.size.toLocaleString()} ${this.#grid?.size === 1 ? "call" : "calls"}`;
    if (page.next_cursor) this.list.append(moreFoot(this.#loader, "calls", (signal) => this.#askMore(String(page.next_cursor), signal)));
    this.#say(`${count}, ${this.values["order"] === "time" ? "oldest" : "newest"} first, ${page.next_cursor ? "more below" : "all there are"}`);
  }

  #orderButton() {
    const oldest = this.values["order"] === "time";
    const order = oldest ? "-time" : "time";
    return h("button", { type: "button", title: oldest ? "Oldest first; turn round" : "Newest first; turn round", click: () => go(this.#addressWith({ order, sel: "" })) }, `Started ${oldest ? "↑" : "↓"}`);
  }

  /** @param {Record<string, string>} change */
  #addressWith(change) {
    return `/calls${writeAddress(PARAMETERS, { ...this.values, ...change })}`;
  }

  /** @param {string} words */
  #say(words) {
    find(".foot-facts").textContent = words;
  }
}
