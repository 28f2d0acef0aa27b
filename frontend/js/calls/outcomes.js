/**
 * What became of the calls: how many of each outcome, and the strip of them over time. It is asked
 * for beside the rows, which never wait for it.
 */
import { API, Problem } from "../api.js";
import { stepText } from "../charts/bins.js";
import { NOWHERE } from "../charts/cursor.js";
import { barPath } from "../charts/marks.js";
import { numbersBehind } from "../charts/table.js";
import { h, svg } from "../dom.js";
import { glyph } from "../glyphs.js";
import { keptNote } from "../kept-since.js";
import { lookOf } from "../outcome.js";
import { toUtc } from "../times.js";
import { OUTCOME_CODES, OUTCOME_NAMES, STRIP } from "../words/calls.js";
import { counted } from "../words/count.js";
import { answered } from "./answers.js";
import { OUTCOMES } from "./fields.js";
import { conditions, filtersOf } from "./query.js";
import { Strip } from "./strip.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {{step_s: number, start: string, total: number, is_sampled: boolean, kept_since: string | null, items: {outcome: string, count: number, counts: number[]}[]}} Answer */

/** From the best to the worst, as people read; the strip stacks the worst at its base. */
const LEGEND = ["answered", "poor", "not_taken", "rejected", "fault", "no_reply", "in_progress"];

export class Outcomes {
  /** @type {AbortController | null} */
  #asking = null;
  /** @type {Answer | null} */
  #answer = null;
  /** @type {Values} */
  #values = Object.freeze({});

  /** @param {{choose: (outcome: string, not: boolean) => void, zoom: (fromMs: number, toMs: number) => void, total: (total: number, isSampled: boolean) => void, fits: (answer: Answer) => boolean}} options `fits` may ask for a fitting range instead */
  constructor(options) {
    this.options = options;
    this.figures = new Map(LEGEND.map((outcome) => [outcome, h("b", {}, "–")]));
    this.buttons = new Map(LEGEND.map((outcome) => [outcome, this.#button(outcome)]));
    this.when = h("span", { class: "legend-when" });
    this.behind = h("span", { class: "legend-behind" });
    this.kept = h("div", { hidden: true });
    this.note = h("p", { class: "strip-note", role: "status", hidden: true });
    this.strip = new Strip({ read: (at) => this.#read(at), words: (first, end) => this.#words(first, end), zoom: options.zoom });
    this.element = h("section", { class: "outcomes", "aria-label": STRIP.label },
      h("div", { class: "legend", role: "group", "aria-label": STRIP.legend }, ...this.buttons.values(), this.when, this.behind), this.kept, this.note, this.strip.element);
  }

  /** Ask for a search's outcomes, as of a moment. @param {Values} values @param {number} nowMs */
  async load(values, nowMs) {
    this.#asking?.abort();
    const control = new AbortController();
    this.#asking = control;
    this.#values = values;
    this.#press();
    this.element.classList.add("waiting");
    try {
      const answer = await answered(`${API}/stats/outcomes`, conditions(values, nowMs, "outcome"), control.signal);
      if (control.signal.aborted || !this.options.fits(answer)) return;
      this.#show(answer, Date.parse(toUtc(values["from"] ?? "", nowMs)));
    } catch (error) {
      if (control.signal.aborted) return;
      this.options.total(-1, false);
      this.#tell(STRIP.failed(error instanceof Problem ? error.title : String(error)), () => void this.load(values, nowMs));
    }
    this.element.classList.remove("waiting");
  }

  /** Wait no longer. */
  stop() {
    this.#asking?.abort();
    this.element.classList.remove("waiting");
  }

  leave() {
    this.#asking?.abort();
    this.strip.leave();
  }

  /** @param {Answer} answer @param {number} fromMs where the range begins */
  #show(answer, fromMs) {
    const kept = keptNote(fromMs, answer.kept_since);
    this.kept.hidden = kept === null;
    this.kept.replaceChildren(...(kept ? [kept] : []));
    this.#answer = answer;
    this.#tell("");
    const bins = { startMs: Date.parse(answer.start), stepMs: answer.step_s * 1000, count: answer.items[0]?.counts.length ?? 0 };
    const shown = OUTCOMES.filter((outcome) => this.#isShown(outcome));
    const layers = shown.map((outcome) => ({ name: OUTCOME_NAMES[outcome] ?? outcome, look: lookOf(outcome), values: this.#item(outcome)?.counts ?? [] }));
    this.strip.element.hidden = !bins.count;
    if (bins.count) {
      this.strip.show({ bins, layers });
      this.behind.replaceChildren(numbersBehind({ title: STRIP.label, bins, layers }));
    }
    this.#read(NOWHERE);
    this.options.total(shown.reduce((sum, outcome) => sum + (this.#item(outcome)?.count ?? 0), 0), answer.is_sampled);
  }

  /** @param {string} outcome */
  #item(outcome) {
    return this.#answer?.items.find((item) => item.outcome === outcome);
  }

  /** Whether calls of an outcome are among the rows. @param {string} outcome */
  #isShown(outcome) {
    const filters = filtersOf(this.#values).filter(({ field }) => field === "outcome");
    const kept = filters.filter(({ not }) => !not);
    return (!kept.length || kept.some(({ value }) => value === outcome)) && !filters.some(({ not, value }) => not && value === outcome);
  }

  #press() {
    const kept = new Set(filtersOf(this.#values).filter(({ field, not }) => field === "outcome" && !not).map(({ value }) => value));
    for (const [outcome, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(kept.has(outcome)));
      button.classList.toggle("left-out", !this.#isShown(outcome));
    }
  }

  /** Tell the figures of a bin, at rest those of all. @param {number} at */
  #read(at) {
    for (const [outcome, figure] of this.figures) {
      const item = this.#item(outcome);
      figure.textContent = ((at === NOWHERE ? item?.count : item?.counts[at]) ?? 0).toLocaleString();
    }
    const step = this.#answer ? `${STRIP.per(stepText(this.#answer.step_s * 1000))}${this.#answer.is_sampled ? ` · ${STRIP.sampled}` : ""}` : "";
    this.when.replaceChildren(...(at !== NOWHERE ? [this.strip.text] : step ? [step, h("span", { class: "legend-drag" }, ` · ${STRIP.drag}`)] : []));
  }

  /** @param {number} first @param {number} end */
  #words(first, end) {
    const told = LEGEND.map((outcome) => [outcome, (this.#item(outcome)?.counts ?? []).slice(first, end).reduce((sum, count) => sum + count, 0)]);
    return told.filter(([, count]) => count).map(([outcome, count]) => `${count} ${OUTCOME_NAMES[String(outcome)]}`).join(", ") || counted(0, "call");
  }

  /** @param {string} outcome */
  #button(outcome) {
    const look = lookOf(outcome);
    const name = OUTCOME_NAMES[outcome] ?? outcome;
    const bar = svg("svg", { class: "legend-bar", height: 4, width: "100%", preserveAspectRatio: "none", "aria-hidden": "true" }, barPath(look, "M0 0h400v4h-400z"), svg("path", { class: `edge ${look}`, d: "M0 .7h400" }));
    return h("button", { type: "button", class: "legend-entry", "aria-pressed": "false", "aria-keyshortcuts": "Alt+Enter", title: STRIP.chooses(name),
      click: (event) => this.options.choose(outcome, event.altKey),
      keydown: (event) => {
        if (event.key !== "Enter" || !event.altKey) return;
        event.preventDefault();
        this.options.choose(outcome, true);
      } }, h("span", { class: "legend-name" }, glyph(look), name, OUTCOME_CODES[outcome] && h("small", {}, ` ${OUTCOME_CODES[outcome]}`)), this.figures.get(outcome), bar);
  }

  /** @param {string} words @param {() => void} [again] */
  #tell(words, again) {
    this.note.hidden = !words;
    this.note.replaceChildren(words, again ? h("button", { type: "button", click: again }, STRIP.again) : "");
    this.strip.element.hidden = Boolean(words);
  }
}
