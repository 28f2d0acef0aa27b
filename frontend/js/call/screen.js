/** The screen of one call, or of several in one ladder: head, tabs, and what each tab holds. */
import { callIdOfSegment, each, readAddress } from "../address.js";
import { Problem } from "../api.js";
import { based } from "../base.js";
import { find, h } from "../dom.js";
import { Loader } from "../loading.js";
import { go, goBack } from "../router.js";
import { copyLink } from "../shell/share.js";
import { failAbove, failureCard, stateCard, strangerNotes } from "../states.js";
import { micros } from "../times.js";
import { LogsView } from "../logs/view.js";
import { mediaView } from "../media/view.js";
import { HEAD, NOTES } from "../words/call.js";
import { exportEntries } from "./exports.js";
import { callHead } from "./head.js";
import { callKeys } from "./keys.js";
import { loadCall } from "./load.js";
import { neighboursOf } from "./neighbours.js";
import { callNotes, mediaNote, missingCall } from "./notes.js";
import { LadderPart } from "./part.js";
import { CallState, PARAMETERS } from "./state.js";
import { callTabs } from "./tabs.js";

/** @typedef {import("../api.js").CallMedia} CallMedia */
/** @typedef {import("./load.js").Loaded} Loaded */
/** @typedef {import("./tabs.js").Tab} Tab */

/** @param {import("../router.js").Visit} visit @returns {() => void} */
export function callScreen({ place, rest, search }) {
  const { values, strangers } = readAddress(PARAMETERS, search);
  const notes = strangerNotes(strangers);
  const body = h("div", { class: "list" });
  place.append(...notes, body);
  const screen = new CallScreen(place, notes, body, decoded(rest), values);
  screen.load();
  return () => screen.leave();
}

class CallScreen {
  #loader = new Loader();
  /** @type {LadderPart | null} */
  #part = null;
  /** @type {CallMedia | null} */
  #media = null;
  /** @type {LogsView | null} */
  #logs = null;
  /** How many log lines there are, once they have been asked for. */
  #logCount = "";

  /** @param {HTMLElement} place @param {HTMLElement[]} notes @param {HTMLElement} waiting @param {string} callId @param {import("../address.js").Values} values */
  constructor(place, notes, waiting, callId, values) {
    this.place = place;
    this.notes = notes;
    this.waiting = waiting;
    this.callId = callId;
    this.state = new CallState(values);
    this.tabs = h("div", { class: "tab-row" });
    this.media = h("div", { class: "media-tab" });
    this.logs = h("div", { class: "logs-place" });
    this.said = h("p", { class: "note", role: "status", hidden: true });
    document.title = `${callId} · hepscope`;
    callKeys(this, "ladder");
  }

  get part() {
    return this.#part;
  }

  get logsView() {
    return this.#logs;
  }

  get hasMedia() {
    return this.#media !== null;
  }

  /** Ask again; what is shown stays until there is something newer. One answer at a time is waited for. */
  reload() {
    if (!this.#loader.isRunning) this.load();
  }

  load() {
    const again = { label: NOTES.again, run: () => this.load(), first: true };
    const back = { label: NOTES.search, href: based("/calls") };
    const place = this.#part ? this.place : this.waiting;
    void this.#loader.run({
      place, what: NOTES.loading,
      load: async (signal) => this.#show(await loadCall(this.callId, each(this.state.get("with")), this.state.get("at"), signal)),
      failed: (error) => {
        const isMissing = error instanceof Problem && error.status === 404;
        failAbove(place, isMissing ? missingCall(this.callId, error) : failureCard(error, NOTES.failed, [again, back]));
        if (isMissing && !this.#part) this.#showLogsAlone();
      },
      stopped: () => failAbove(place, stateCard({ look: "not-taken", title: NOTES.stopped, text: [], steps: [again, back] })),
    });
  }

  /** Show what logs there are of a call of which there is nothing else. */
  #showLogsAlone() {
    this.#leaveLogs();
    this.#logs = this.#logsView(undefined);
    this.waiting.querySelector(".logs-alone")?.remove();
    this.waiting.append(h("section", { class: "logs-alone" }, h("h2", {}, NOTES.onlyLogs), this.#logs.element));
    this.#logs.open();
    callKeys(this, "logs");
  }

  /** The tab that is shown: the ladder where there is nothing of what was asked for. @returns {Tab} */
  get tab() {
    const tab = this.state.get("tab");
    return tab === "logs" || (tab === "media" && this.#media) ? tab : "ladder";
  }

  /** @param {Tab} tab */
  showTab(tab) {
    if (!this.#part || (tab === "media" && !this.#media)) return;
    this.state.note({ tab });
    this.#drawTabs();
  }

  leave() {
    this.#loader.leave();
    this.#part?.leave();
    this.#logs?.leave();
  }

  /** @param {Loaded} loaded */
  #show({ call, flow, media }) {
    const { scrollTop = 0, scrollLeft = 0 } = this.#part?.ladder.scroller ?? {};
    const isReload = this.#part !== null;
    this.#part?.leave();
    if (!isReload) this.#leaveLogs();
    // Media that cannot be had just now are those of the last time.
    if (!(media instanceof Problem)) this.#media = media.streams.length ? media : null;
    this.#part = new LadderPart(this.state, flow, this.#media?.streams ?? [], (time) => this.#showLogsAt(time));
    this.#logs ??= this.#logsView(call?.started_at ?? flow.arrows[0]?.time);
    this.#logs.age();
    this.place.replaceChildren(...this.notes, callHead(this.callId, call, flow, { share: () => void copyLink(), exports: () => exportEntries(this.callId, this.state, this.#part?.ladder.rows.length ?? 0, (kind, theme) => void this.#draw(kind, theme)) }),
      this.said, ...callNotes(this.callId, call, flow, Number(this.state.get("msg"))), ...mediaNote(media, this.state.get("tab") === "media", () => this.reload()),
      this.tabs, this.#part.element, this.media, this.logs);
    this.#part.show();
    this.#drawTabs();
    if (isReload) Object.assign(this.#part.ladder.scroller, { scrollTop, scrollLeft });
    const seen = flow.arrows.reduce((sum, { copies }) => sum + Math.max(copies.length, 1), 0);
    find(".foot-facts").textContent = NOTES.facts(flow.arrows.length, seen, flow.hosts.length);
  }

  /** Go to the call before or after this one in its search. @param {"previous" | "next"} way */
  goTo(way) {
    const place = neighboursOf(this.callId)?.[way];
    if (place) go(place.href);
  }

  /** Close what is topmost, then leave. */
  back() {
    if (this.tab === "media" && this.state.get("stream")) this.#chooseStream(0);
    else if (this.tab === "logs" && this.#logs?.clearFilter()) return;
    else if (this.tab === "ladder" && this.#part?.back()) return;
    else goBack(based("/calls"));
  }

  /** @param {import("../picture/save.js").Kind} kind @param {import("../picture/drawing.js").Theme} theme */
  async #draw(kind, theme) {
    if (!this.#part) return;
    const { ladder } = this.#part;
    const heading = this.place.querySelector("h1 > span:last-child")?.textContent ?? this.callId;
    this.said.hidden = false;
    this.said.textContent = HEAD.drawing;
    try {
      const { savePicture } = await import("../picture/save.js");
      this.said.textContent = await savePicture(kind, ladder, { callId: this.callId, heading, theme });
    } catch (error) {
      this.said.textContent = HEAD.pictureFailed;
      reportError(error);
    }
  }

  /** Show the logs about the time of a message. @param {string} time */
  #showLogsAt(time) {
    this.state.note({ near: time });
    this.showTab("logs");
  }

  #leaveLogs() {
    this.#logs?.leave();
    this.#logs = null;
  }

  /** @param {string | undefined} begin undefined where nothing but logs may be there */
  #logsView(begin) {
    return new LogsView({
      callId: this.callId, at: this.state.get("at"), beginUs: begin ? micros(begin) : 0, isAlone: !begin,
      values: () => this.state.values, note: (change) => this.state.note(change),
      counted: (count, isMore) => {
        this.#logCount = `${count.toLocaleString("en")}${isMore ? "+" : ""}`;
        this.#drawLinks();
      },
    });
  }

  #drawLinks() {
    const part = this.#part;
    if (!part) return;
    const hadFocus = this.tabs.querySelector("nav")?.contains(document.activeElement);
    const counts = { ladder: part.flow.arrows.length.toLocaleString("en"), media: this.#media && this.#media.streams.length.toLocaleString("en"), logs: this.#logCount };
    const links = callTabs(this.tab, counts, (tab) => { this.showTab(tab); find("[aria-current]", this.tabs).focus(); });
    this.tabs.replaceChildren(links, this.tab === "ladder" ? part.bar : "");
    if (hadFocus) find("[aria-current]", this.tabs).focus();
  }

  #drawTabs() {
    const { tab } = this;
    const part = this.#part;
    if (!part) return;
    this.#drawLinks();
    part.element.hidden = tab !== "ladder";
    this.media.hidden = tab !== "media";
    this.logs.hidden = tab !== "logs";
    callKeys(this, tab);
    if (tab === "media" && this.#media) this.media.replaceChildren(mediaView(this.#media, part.flow, Number(this.state.get("stream")), (number) => this.#chooseStream(number)));
    else this.media.replaceChildren();
    if (tab !== "logs" || !this.#logs) return;
    this.logs.replaceChildren(this.#logs.element);
    this.#logs.open();
  }

  /** Draw one stream alone, all with 0. @param {number} number */
  #chooseStream(number) {
    const at = [...this.media.querySelectorAll(".stream")].indexOf(/** @type {Element} */ (document.activeElement));
    this.state.note({ stream: number ? String(number) : "" });
    this.showTab("media");
    const row = this.media.querySelectorAll(".stream")[at];
    if (row instanceof HTMLElement) row.focus();
  }
}

/** Return the Call-ID of a segment. @param {string} segment */
function decoded(segment) {
  try {
    return callIdOfSegment(segment);
  } catch {
    return segment;
  }
}
