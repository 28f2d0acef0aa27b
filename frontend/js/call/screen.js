/** The screen of one call: head, ladder, and the message that is selected. */
import { readAddress, writeAddress } from "../address.js";
import { Problem, callPath, get } from "../api.js";
import { find, h } from "../dom.js";
import { stepAction, useKeys } from "../keys.js";
import { Loader } from "../loading.js";
import { goBack, noteAddress } from "../router.js";
import { failureCard, stateCard, strangerNotes } from "../states.js";
import { isMoment } from "../times.js";
import { mediaView } from "../media/view.js";
import { callHead } from "./head.js";
import { Ladder } from "./ladder.js";
import { MessagePanel } from "./message.js";
import { callNotes, mediaNote, missingCall } from "./notes.js";
import { callTabs } from "./tabs.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../api.js").Flow} Flow */
/** @typedef {import("../api.js").CallMedia} CallMedia */
/** @typedef {import("./tabs.js").Tab} Tab */

/** @param {string} text */
const isNumber = (text) => /^[1-9]\d{0,5}$/.test(text);

/** @type {Record<string, import("../address.js").Parameter>} */
const PARAMETERS = Object.freeze({
  at: { fallback: "", check: isMoment },
  tab: { fallback: "ladder", check: (text) => text === "ladder" || text === "media" },
  msg: { fallback: "", check: isNumber },
  stream: { fallback: "", check: isNumber },
  time: { fallback: "offset", check: (text) => text === "offset" || text === "absolute" },
});

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
  /** @type {Ladder | null} */
  #ladder = null;
  /** @type {CallMedia | null} */
  #media = null;

  /** @param {HTMLElement} place @param {HTMLElement[]} notes @param {HTMLElement} waiting @param {string} callId @param {import("../address.js").Values} values */
  constructor(place, notes, waiting, callId, values) {
    this.place = place;
    this.notes = notes;
    this.waiting = waiting;
    this.callId = callId;
    this.values = values;
    this.body = h("div", { class: "call-body" });
    this.tabs = h("div");
    this.media = h("div", { class: "media-tab" });
    this.panel = new MessagePanel({ close: () => this.select(0), step: (by) => this.step(by) });
    document.title = `${callId} · hepscope`;
    find(".foot-facts").textContent = "";
    this.#useKeys();
  }

  get #number() {
    return Number(this.values["msg"] ?? 0);
  }

  load() {
    const again = { label: "Try again", run: () => this.load(), first: true };
    const back = { label: "Search calls", href: "/calls" };
    void this.#loader.run({
      place: this.waiting, what: "Loading the call",
      load: async (signal) => {
        const query = new URLSearchParams(this.values["at"] ? { at: this.values["at"] } : {});
        const path = callPath(this.callId);
        const [call, flow, media] = await Promise.all([get(path, query, signal).catch(noRecord), get(`${path}/flow`, query, signal),
          get(`${path}/media`, query, signal).catch((error) => (error instanceof Problem ? error : Promise.reject(error)))]);
        this.#show(call, flow, media);
      },
      failed: (error) => this.waiting.replaceChildren(error instanceof Problem && error.status === 404
        ? missingCall(this.callId, error.detail) : failureCard(error, "The call cannot be shown", [again, back])),
      stopped: () => this.waiting.replaceChildren(stateCard({ look: "not-taken", title: "Stopped", text: [], steps: [again, back] })),
    });
  }

  /** Select a message by its number, 0 for none. @param {number} number */
  select(number) {
    const row = this.#ladder?.arrowRows[number - 1];
    this.#note({ msg: row ? String(number) : "" });
    this.body.classList.toggle("with-message", Boolean(row));
    if (row) this.panel.show(row);
    else this.panel.hide();
    this.#ladder?.select(row ? number : 0);
  }

  /** Select the message so many further on. @param {number} by */
  step(by) {
    const count = this.#ladder?.arrowRows.length ?? 0;
    if (count) this.select(Math.min(Math.max(this.#number + by, 1), count));
  }

  toggleTime() {
    if (!this.#ladder) return;
    this.#note({ time: this.values["time"] === "absolute" ? "offset" : "absolute" });
    this.#draw(this.#ladder.flow);
  }

  /** Show the ladder or, where there is any, the media. @param {Tab} tab */
  showTab(tab) {
    if (!this.#media || !this.#ladder) return;
    this.#note({ tab });
    this.#drawTabs(this.#ladder.flow, this.#media);
  }

  leave() {
    this.#loader.leave();
    this.panel.leave();
  }

  /** @param {Call | null} call @param {Flow} flow @param {CallMedia | Problem} media */
  #show(call, flow, media) {
    this.#media = !(media instanceof Problem) && media.streams.length ? media : null;
    this.place.replaceChildren(...this.notes, callHead(this.callId, call, flow, this.values["at"] ?? ""),
      ...callNotes(this.callId, call, flow, this.#number), ...mediaNote(media, this.values["tab"] === "media"), this.tabs, this.body, this.media);
    this.#draw(flow);
    this.#useKeys();
    if (this.#media) this.#drawTabs(flow, this.#media);
    const hosts = `${flow.hosts.length} ${flow.hosts.length === 1 ? "host" : "hosts"}`;
    find(".foot-facts").textContent = `${flow.arrows.length.toLocaleString()} messages, ${hosts}`;
  }

  /** @param {Flow} flow */
  #draw(flow) {
    this.#ladder = new Ladder(flow, {
      absolute: this.values["time"] === "absolute",
      select: (number) => this.select(number), toggleTime: () => this.toggleTime(),
    });
    this.body.replaceChildren(this.#ladder.element, this.panel.element);
    if (this.#number) this.select(this.#number);
  }

  /** @param {Flow} flow @param {CallMedia} media */
  #drawTabs(flow, media) {
    const isMedia = this.values["tab"] === "media";
    const counts = { ladder: flow.arrows.length, media: media.streams.length };
    this.tabs.replaceChildren(callTabs(isMedia ? "media" : "ladder", counts, (tab) => { this.showTab(tab); find("[aria-current]", this.tabs).focus(); }));
    this.body.hidden = isMedia;
    this.media.hidden = !isMedia;
    if (isMedia) this.media.replaceChildren(mediaView(media, flow, Number(this.values["stream"]), (number) => this.#chooseStream(number)));
    else this.media.replaceChildren();
  }

  /** Draw one stream alone, all with 0. @param {number} number */
  #chooseStream(number) {
    const at = [...this.media.querySelectorAll(".stream")].indexOf(/** @type {Element} */ (document.activeElement));
    this.#note({ stream: number ? String(number) : "" });
    this.showTab("media");
    const row = this.media.querySelectorAll(".stream")[at];
    if (row instanceof HTMLElement) row.focus();
  }

  #useKeys() {
    /** @param {string} key @param {Tab} tab */
    const action = (key, tab) => ({ keys: [key], hint: tab, run: () => this.showTab(tab) });
    const tabs = this.#media ? [action("1", "ladder"), action("2", "media")] : [];
    useKeys([
      stepAction("message", (by) => { this.showTab("ladder"); this.step(by); this.#ladder?.focusSelected(); }),
      { keys: ["t"], hint: "offset or time", run: () => this.toggleTime() },
      ...tabs,
      { keys: ["Escape"], hint: "back", run: () => this.#back() },
    ]);
  }

  #back() {
    if (this.values["tab"] === "media" && this.values["stream"]) this.#chooseStream(0);
    else if (this.values["tab"] !== "media" && this.#number) this.select(0);
    else goBack("/calls");
  }

  /** @param {Record<string, string>} change */
  #note(change) {
    this.values = Object.freeze({ ...this.values, ...change });
    noteAddress(`${location.pathname}${writeAddress(PARAMETERS, this.values)}`);
  }
}

/** A flow can be there without a call record. @param {unknown} error */
function noRecord(error) {
  if (error instanceof Problem && error.status === 404) return null;
  throw error;
}

/** @param {string} segment */
function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
