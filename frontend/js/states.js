/**
 * The states a screen can be in besides "here it is", each in words that say what is next:
 * nothing found, failed, still searching, and notes above what is shown.
 */
import { Problem } from "./api.js";
import { now } from "./clock.js";
import { copyText } from "./copy.js";
import { h } from "./dom.js";
import { glyph } from "./glyphs.js";
import { keyCap } from "./keys.js";
import { countDown, retryAfterS } from "./retry.js";
import { dayAndClock, zonedIso } from "./times.js";
import { NEXT, STATE_WORDS as WORDS } from "./words/states.js";

/** @typedef {import("./glyphs.js").Outcome} Outcome */
/** @typedef {{label: string, run?: () => void, href?: string, first?: boolean, key?: string}} Step `key` does the same */

/**
 * Return a card: a title, sentences, and steps to take.
 * @param {{look: Outcome, title: string, text: string[], code?: string, steps?: Step[], role?: string}} card
 */
export function stateCard({ look, title, text, code, steps = [], role = "status" }) {
  return h("section", { class: "state", role }, glyph(look), h("h2", {}, title),
    ...text.filter(Boolean).map((sentence) => h("p", {}, sentence)), code && h("pre", {}, code), stepRow(steps));
}

/**
 * Say that something failed: what, why, what was asked, and what to do. Where it may pass, the
 * step that is `first` runs by itself after a countdown.
 * @param {unknown} error @param {string} what @param {Step[]} steps
 */
export function failureCard(error, what, steps) {
  const problem = error instanceof Problem ? error : new Problem(-1, WORDS.pageFault, String(error), location.pathname);
  const title = WORDS.failed(what, problem.title);
  const code = [problem.status > 0 ? problem.status : problem.status === 0 && WORDS.noAnswer, problem.request].filter(Boolean).join("  ");
  const good = problem.lastGoodMs ? WORDS.lastGood(clockOf(problem.lastGoodMs)) : "";
  const card = stateCard({ look: "fault", title, text: [problem.detail, NEXT[problem.kind] ?? NEXT[problem.status] ?? "", good], code, steps, role: "alert" });
  const actions = card.querySelector(".actions") ?? card.appendChild(h("div", { class: "actions" }));
  actions.append(copyButton([title, problem.detail, code, `${zonedIso(now())}  ${location.href}`, navigator.userAgent].join("\n")));
  const again = steps.find(({ run, first }) => run && first)?.run;
  const seconds = again ? retryAfterS(problem) : 0;
  if (again && seconds) {
    // Not for screen readers: an alert that changes is read each time.
    const countdown = h("p", { "aria-hidden": "true" });
    card.insertBefore(countdown, card.querySelector("pre"));
    countDown(countdown, seconds, again);
  }
  return card;
}

/**
 * Put a card above what a place shows, which stays, dimmed: an API that fails or takes long never
 * blanks what was there. Another card makes room.
 * @param {HTMLElement} place @param {HTMLElement} card
 */
export function failAbove(place, card) {
  for (const one of [...place.children]) {
    if (one.matches(".state, .skeleton")) one.remove();
    else one.classList.add("dimmed");
  }
  if (place.childElementCount) card.classList.add("above");
  place.prepend(card);
}

/** @param {number} ms since the epoch */
const clockOf = (ms) => dayAndClock(new Date(ms).toISOString()).slice(11, 19);

/** @param {string} text */
function copyButton(text) {
  const button = h("button", { type: "button", click: () => void copyText(text).then((done) => {
    button.textContent = done ? WORDS.copied : WORDS.notCopied;
    if (!done) button.closest(".state")?.querySelector("pre")?.replaceChildren(text);
  }) }, WORDS.copyDetails);
  return button;
}

/** Grey rows while something loads; the words are for screen readers. @param {string} words */
export function skeleton(words) {
  const rows = Array.from({ length: 8 }, () => h("div", {}, h("i"), h("i"), h("i"), h("i")));
  return h("div", { class: "skeleton", role: "status" }, h("span", { class: "out-of-sight" }, words), ...rows);
}

/** Say which parameters of the link were not understood. @param {import("./address.js").Stranger[]} strangers */
export function strangerNotes(strangers) {
  return strangers.map(({ name, value, known }) => h("p", { class: "note", role: "status" }, known
    ? WORDS.senseless(name, value) : WORDS.unknown(name)));
}

/** @param {Step[]} steps */
function stepRow(steps) {
  if (!steps.length) return null;
  const buttons = steps.map(({ label, run, href, first, key }) => {
    const look = first ? "button primary" : "button";
    return href ? h("a", { class: look, href }, label)
      : h("button", { type: "button", class: look, ...(run && { click: run }) }, label, key && keyCap(key));
  });
  return h("div", { class: "actions" }, ...buttons);
}
