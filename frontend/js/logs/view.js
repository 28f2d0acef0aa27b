/**
 * The logs of a call: a list that is asked for once its tab is opened, as Loki may take long, and
 * a bar to filter it in place, wrap its lines, and go on in Grafana.
 */
import { Problem, callPath, get } from "../api.js";
import { h } from "../dom.js";
import { moreFoot } from "../lists/more.js";
import { Loader } from "../loading.js";
import { failAbove, failureCard, stateCard } from "../states.js";
import { micros } from "../times.js";
import { LOGS } from "../words/logs.js";
import { lineItem } from "./line.js";
import { failureNotes, noLogs, sourceWords } from "./sources.js";

/** @typedef {import("../api.js").LogLine} LogLine */
/** @typedef {import("../api.js").CallLogs} CallLogs */
/**
 * @typedef {object} Options
 * @property {string} callId
 * @property {string} at
 * @property {number} beginUs when the call began, 0 if that is not known
 * @property {boolean} isAlone whether nothing else is known of the call: that there are no logs either need not be said
 * @property {() => import("../address.js").Values} values of the address
 * @property {(change: Record<string, string>) => void} note writes the address
 * @property {(count: number, isMore: boolean) => void} counted
 */

const PAGE = 500;

/** Pages asked for in one go: to come to a time, or past pages without a line. */
const PAGES_AT_ONCE = 6;

export class LogsView {
  #loader = new Loader();
  #isOpen = false;
  /** @type {{line: LogLine, item: HTMLLIElement, words: string}[]} */
  #lines = [];
  /** @type {import("../api.js").LogSource[]} */
  #sources = [];
  /** @type {string | null} */
  #cursor = null;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    const { find, wrap } = options.values();
    this.filter = h("input", { type: "search", id: "log-filter", value: find ?? "", placeholder: LOGS.hint, autocomplete: "off", spellcheck: "false", input: () => this.#filtered() });
    this.wrap = h("button", { type: "button", "aria-pressed": String(wrap !== "off"), click: () => this.#toggleWrap() }, LOGS.wrap);
    this.count = h("span", { class: "quiet", role: "status" });
    this.explore = h("a", { class: "button", target: "_blank", rel: "noopener", hidden: true }, LOGS.explore);
    this.words = h("span", { class: "quiet log-words" });
    this.notes = h("div");
    this.list = h("ol", { class: "logs", "aria-label": LOGS.lines });
    this.body = h("div", { class: "logs-body", tabindex: 0, role: "region", "aria-label": LOGS.logs });
    this.body.classList.toggle("unwrapped", wrap === "off");
    this.bar = h("div", { class: "logs-bar" }, h("label", { for: "log-filter" }, LOGS.filter), this.filter, this.wrap, this.explore, this.count, this.words);
    this.element = h("div", { class: "logs-tab" }, this.bar, this.notes, this.body);
  }

  /** Show them; they are asked for the first time only. */
  open() {
    const last = this.#lines.at(-1);
    const near = this.options.values()["near"];
    const isFar = near && this.#cursor !== null && last && micros(last.line.time) < micros(near);
    if (this.#isOpen && !isFar) this.#goNear();
    else this.load();
  }

  /** What is shown may be out of date: it is asked for again when it is opened next. */
  age() {
    this.#isOpen = false;
  }

  load() {
    this.#isOpen = true;
    const again = { label: LOGS.again, run: () => this.load(), first: true };
    void this.#loader.run({
      place: this.body, what: LOGS.loading,
      load: async (signal) => {
        const pages = await this.#pages(null, signal);
        this.#lines = [];
        this.#sources = [];
        this.list.replaceChildren();
        this.body.replaceChildren(this.list);
        this.#add(pages);
        if (!this.#lines.length && this.#cursor === null) this.body.replaceChildren(...(this.options.isAlone ? [] : [noLogs(this.#sources)]));
        this.#goNear();
      },
      failed: (error) => {
        if (this.options.isAlone && error instanceof Problem && error.status === 404) this.body.replaceChildren();
        else this.#say(failureCard(error, LOGS.failed, [again]));
      },
      stopped: () => this.#say(stateCard({ look: "not-taken", title: LOGS.stopped, text: [], steps: [again] })),
    });
  }

  /** Lines that are there stay, below the card. @param {HTMLElement} card */
  #say(card) {
    if (!this.#lines.length) this.body.replaceChildren();
    failAbove(this.body, card);
  }

  focusFilter() {
    this.filter.focus();
  }

  /** Leave the filter empty; false if it was. */
  clearFilter() {
    if (!this.filter.value) return false;
    this.filter.value = "";
    this.#filtered();
    return true;
  }

  leave() {
    this.#loader.leave();
  }

  /** Ask for a page, or several where one holds nothing or ends before the time that is looked for. @param {string | null} cursor @param {AbortSignal} signal */
  async #pages(cursor, signal) {
    const { callId, at, values } = this.options;
    const near = values()["near"] ?? "";
    /** @type {CallLogs[]} */
    const pages = [];
    while (pages.length < PAGES_AT_ONCE) {
      const query = new URLSearchParams({ order: "time", limit: String(PAGE), ...(at && { at }), ...(cursor && { cursor }) });
      /** @type {CallLogs} */
      const page = await get(`${callPath(callId)}/logs`, query, signal);
      pages.push(page);
      cursor = page.next_cursor;
      const last = page.items.at(-1);
      if (!cursor || (last && (!near || micros(last.time) >= micros(near)))) break;
    }
    return pages;
  }

  /** @param {CallLogs[]} pages */
  #add(pages) {
    for (const { items, sources, next_cursor: cursor, explore_url: explore } of pages) {
      for (const line of items) {
        const item = lineItem(line, this.options.beginUs);
        this.#lines.push({ line, item, words: item.textContent?.toLowerCase() ?? "" });
        this.list.append(item);
      }
      this.#cursor = cursor;
      // What failed for one page is missing in the list, though the next page went well.
      this.#sources = sources.map((source, index) => (this.#sources[index]?.state === "failed" ? this.#sources[index] : source));
      if (explore) this.explore.href = explore;
      this.explore.hidden = !explore;
    }
    this.notes.replaceChildren(...failureNotes(this.#sources, () => this.load()));
    this.words.textContent = sourceWords(this.#sources);
    this.body.querySelector(".more")?.remove();
    if (this.#cursor) this.body.append(moreFoot(this.#loader, "lines", async (signal) => this.#add(await this.#pages(this.#cursor, signal))));
    this.#sift();
    this.options.counted(this.#lines.length, this.#cursor !== null);
  }

  #filtered() {
    this.options.note({ find: this.filter.value });
    this.#sift();
  }

  /** Hide the lines that do not hold what is typed. */
  #sift() {
    const wanted = this.filter.value.toLowerCase();
    let shown = 0;
    for (const { item, words } of this.#lines) {
      item.hidden = !words.includes(wanted);
      if (!item.hidden) shown += 1;
    }
    const all = LOGS.lineCount(this.#lines.length, Boolean(this.#cursor));
    this.count.textContent = wanted ? `${shown.toLocaleString()} of ${all}` : all;
  }

  #toggleWrap() {
    const isOff = this.body.classList.toggle("unwrapped");
    this.wrap.setAttribute("aria-pressed", String(!isOff));
    this.options.note({ wrap: isOff ? "off" : "on" });
  }

  /** Bring the first line from the time on into sight that the address names, and mark it. */
  #goNear() {
    const near = this.options.values()["near"];
    for (const { item } of this.#lines) item.removeAttribute("aria-current");
    if (!near) return;
    const found = this.#lines.find(({ line, item }) => !item.hidden && micros(line.time) >= micros(near)) ?? this.#lines.findLast(({ item }) => !item.hidden);
    found?.item.setAttribute("aria-current", "true");
    found?.item.scrollIntoView({ block: "center" });
  }
}
