/** What happens now: messages as they are stored, calls under way, three curves of the last minutes. */
import { readAddress, writeAddress } from "../address.js";
import { API, get } from "../api.js";
import { based } from "../base.js";
import { patterns } from "../charts/marks.js";
import { find, h } from "../dom.js";
import { stepAction, useKeys } from "../keys.js";
import { go, noteAddress } from "../router.js";
import { failureCard, strangerNotes } from "../states.js";
import { FIELD_LABELS, LINK, LIVE, LIVE_KEYS, spoken } from "../words/live.js";
import { CallsPane } from "./calls.js";
import { Charts } from "./charts.js";
import { Feed } from "./feed.js";
import { Form } from "./form.js";
import { MessagesPane } from "./messages.js";
import { Notes } from "./notes.js";
import { FAILURES, NOT_OF_CALLS, PARAMETERS, apiQuery, isOnlyFailures } from "./query.js";
import { Silence } from "./silence.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("./feed.js").LinkState | "trouble"} Link */

const TICK_MS = 1000;

/** How often a screen reader hears of news. */
const SPOKEN_MS = 5000;

/** What is there already when the screen opens: so many messages of so long. */
const RECENT = 50;
const RECENT_MS = 15 * 60_000;

/** @param {import("../router.js").Visit} visit @returns {() => void} */
export function liveScreen({ place, search }) {
  const { values, strangers } = readAddress(PARAMETERS, search);
  const screen = new LiveScreen(values);
  place.append(...strangerNotes(strangers), screen.element);
  screen.begin();
  return () => screen.leave();
}

class LiveScreen {
  /** @type {Link} */
  #link = "connecting";
  /** How far the server's clock is before this one. */
  #aheadMs = 0;
  #lastMs = 0;
  #news = 0;
  #spokenMs = 0;
  #callsNow = 0;
  #timer = 0;
  #recent = new AbortController();

  /** @param {Values} values */
  constructor(values) {
    this.values = values;
    this.isPaused = values["pause"] === "1";
    const unfiltered = NOT_OF_CALLS.filter((name) => values[name]).map((name) => FIELD_LABELS[/** @type {keyof typeof FIELD_LABELS} */ (name)]);
    this.form = new Form(values, { follow: (wanted) => this.#follow(wanted), pause: () => this.#pause(!this.isPaused), failures: () => this.#onlyFailures() });
    this.notes = new Notes();
    this.silence = new Silence((why) => this.notes.stalled(why));
    this.charts = new Charts();
    this.calls = new CallsPane(() => this.#nowMs(), unfiltered.length ? LIVE.notOfCalls(unfiltered.join(", ")) : "");
    this.messages = new MessagesPane();
    this.spoken = h("p", { class: "out-of-sight", role: "status" });
    this.panes = h("div", { class: "live-panes" }, this.calls.element, this.messages.element);
    this.element = h("div", { class: "live" }, patterns(), this.form.element, this.notes.element, this.charts.element, this.panes, this.spoken);
    this.feed = new Feed(apiQuery(values), { state: (state, problem) => this.#linked(state, problem), event: (name, data, id) => this.#heard(name, data, id) });
  }

  begin() {
    useKeys([
      { keys: ["/"], hint: LIVE_KEYS.filter, run: () => this.form.focus() },
      { keys: ["p"], hint: LIVE_KEYS.pause, does: LIVE_KEYS.pauseDoes, run: () => this.#pause(!this.isPaused) },
      { keys: ["f"], hint: LIVE_KEYS.failures, run: () => this.#onlyFailures() },
      stepAction(LIVE_KEYS.row, (by) => this.#list().move(by)),
      { keys: ["Enter"], hint: LIVE_KEYS.open, run: () => this.#list().openFocused() },
      { keys: ["r"], hint: LIVE_KEYS.load, does: LIVE_KEYS.loadDoes, run: () => this.messages.showWaiting() },
      { keys: ["Escape"], hint: "", does: LIVE_KEYS.leave, run: () => this.#list().leave() },
    ]);
    document.addEventListener("visibilitychange", this.#seen);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#pause(this.isPaused);
    if (!document.hidden) this.feed.start();
  }

  leave() {
    document.removeEventListener("visibilitychange", this.#seen);
    clearInterval(this.#timer);
    this.feed.stop();
    this.notes.leave();
    this.silence.leave();
    this.charts.leave();
    this.#recent.abort();
  }

  /** Nobody looks at a hidden tab; once it is seen again, it goes on from where it stopped. */
  #seen = () => {
    if (document.hidden) {
      this.feed.stop();
      this.notes.hidden(this.#nowMs());
    } else if (this.#link !== "refused") {
      this.feed.start();
    }
  };

  /** @param {import("./feed.js").LinkState} state @param {import("../api.js").Problem} [problem] */
  #linked(state, problem) {
    // While it tries again, it is still lost.
    if (state === "connecting" && this.#link === "lost") return;
    this.#link = state;
    if (state === "lost" && problem) this.notes.refused(problem);
    else if (state === "lost") this.notes.lost(this.#nowMs());
    if (state === "refused") {
      const again = { label: LINK.again, run: () => go(location.href), first: true };
      this.panes.replaceChildren(failureCard(problem, LINK.failed, [again]));
    }
    this.#say();
  }

  /** @param {string} name @param {any} data @param {string} id */
  #heard(name, data, id) {
    if (id) this.#lastMs = Number(id) / 1000;
    if (name === "hello") this.#welcomed(data);
    else if (name === "history") this.charts.addPast(data);
    else if (name === "messages") this.#took(data);
    else if (name === "calls") this.#counted(data);
    else if (name === "lost") this.#missed(data);
    else if (name === "trouble") {
      this.#link = "trouble";
      this.notes.trouble(data);
    }
    this.#say();
  }

  /** @param {{time: string}} hello */
  #welcomed(hello) {
    this.#aheadMs = Date.parse(hello.time) - Date.now();
    if (!this.notes.back() && this.messages.isEmpty) void this.#fill();
  }

  /** @param {{items: import("./columns.js").LiveMessage[], skipped: number, one_of: number, rate: number}} data */
  #took({ items, skipped, one_of: oneOf, rate }) {
    this.#news += this.messages.take(items, skipped);
    this.messages.flow(rate, oneOf);
    this.notes.whole();
    this.silence.heard(items.length + skipped);
  }

  /** @param {import("./calls.js").CallsEvent} data */
  #counted(data) {
    this.#callsNow = data.now;
    this.charts.add(data, this.#nowMs());
    this.calls.take(data);
    if (!this.isPaused) this.charts.draw();
  }

  /** @param {{from: string, to: string, reason: "slow" | "gap", messages: number | null}} lost */
  #missed(lost) {
    this.notes.missed(lost);
    if (lost.reason === "gap") void this.#fill();
  }

  /** Fetch the newest messages there are, which the stream does not hold. */
  async #fill() {
    const query = apiQuery(this.values);
    query.set("limit", String(RECENT));
    query.set("start", new Date(this.#nowMs() - RECENT_MS).toISOString());
    try {
      const { items } = await get(`${API}/messages`, query, this.#recent.signal);
      this.messages.take(items, 0);
    } catch {
      // What comes now is shown all the same, and the stream tells what is wrong with the database.
    }
  }

  #tick() {
    this.calls.tick();
    const nowMs = Date.now();
    if (this.#news && nowMs - this.#spokenMs >= SPOKEN_MS && !this.isPaused) {
      this.spoken.textContent = spoken(this.#news, this.#callsNow);
      [this.#news, this.#spokenMs] = [0, nowMs];
    }
    this.#say();
  }

  /** Say how it stands: in the head and in the foot. */
  #say() {
    const link = this.#link;
    const behind = Math.max(0, (this.#nowMs() - this.#lastMs) / 1000);
    const text = link === "live" ? LINK.live(behind) : LINK[link];
    const isStill = this.isPaused && link === "live";
    this.form.showLink(isStill ? "paused" : link, isStill ? LINK.paused : text);
    find(".foot-facts").textContent = this.isPaused ? LINK.meanwhile(this.messages.meanwhile) : "";
  }

  /** @param {boolean} isPaused */
  #pause(isPaused) {
    this.isPaused = isPaused;
    this.values = Object.freeze({ ...this.values, pause: isPaused ? "1" : "" });
    noteAddress(this.#address(this.values));
    this.form.showPaused(isPaused);
    this.messages.pause(isPaused);
    this.calls.pause(isPaused);
    this.element.classList.toggle("is-paused", isPaused);
    if (!isPaused) this.charts.draw();
    this.#say();
  }

  #onlyFailures() {
    const status = isOnlyFailures(this.values) ? "" : FAILURES.join("\n");
    this.#follow(Object.freeze({ ...this.values, status }));
  }

  /** @param {Values} wanted */
  #follow(wanted) {
    go(this.#address(wanted));
  }

  /** @param {Values} values */
  #address(values) {
    return based(`/live${writeAddress(PARAMETERS, values)}`);
  }

  /** The list that has the focus, else that of messages. */
  #list() {
    return this.calls.list.element.contains(document.activeElement) ? this.calls.list : this.messages.list;
  }

  #nowMs() {
    return Date.now() + this.#aheadMs;
  }
}
