/**
 * The states a screen can be in besides "here it is", each in words that say what is next:
 * nothing found, failed, still searching, and notes above what is shown.
 */
import { Problem } from "./api.js";
import { h } from "./dom.js";
import { glyph } from "./glyphs.js";

/** @typedef {import("./glyphs.js").Outcome} Outcome */
/** @typedef {{label: string, run?: () => void, href?: string, first?: boolean}} Step */

/**
 * Return a card: a title, sentences, and steps to take.
 * @param {{look: Outcome, title: string, text: string[], code?: string, steps?: Step[], role?: string}} card
 */
export function stateCard({ look, title, text, code, steps = [], role = "status" }) {
  return h("section", { class: "state", role }, glyph(look), h("h2", {}, title),
    ...text.filter(Boolean).map((sentence) => h("p", {}, sentence)), code && h("pre", {}, code), stepRow(steps));
}

/** @param {unknown} error @param {string} what @param {Step[]} steps */
export function failureCard(error, what, steps) {
  const problem = error instanceof Problem ? error
    : new Problem(0, "a fault of this page", String(error), location.pathname);
  const code = `${problem.status || "no answer"}  ${problem.request}`;
  return stateCard({ look: "fault", title: `${what}: ${problem.title}`, text: [problem.detail], code, steps, role: "alert" });
}

/** Grey rows while something loads; the words are for screen readers. @param {string} words */
export function skeleton(words) {
  const rows = Array.from({ length: 8 }, () => h("div"));
  return h("div", { class: "skeleton", role: "status" }, h("span", { class: "out-of-sight" }, words), ...rows);
}

/** Say which parameters of the link were not understood. @param {import("./address.js").Stranger[]} strangers */
export function strangerNotes(strangers) {
  return strangers.map(({ name, value, known }) => h("p", { class: "note", role: "status" }, known
    ? `This link holds ${name} = “${value}”, which makes no sense; the usual value is used instead.`
    : `This link holds “${name}”, which this version does not know; it is left out.`));
}

/** @param {Step[]} steps */
function stepRow(steps) {
  if (!steps.length) return null;
  const buttons = steps.map(({ label, run, href, first }) => {
    const look = first ? "button primary" : "button";
    return href ? h("a", { class: look, href }, label)
      : h("button", { type: "button", class: look, ...(run && { click: run }) }, label);
  });
  return h("div", { class: "actions" }, ...buttons);
}
