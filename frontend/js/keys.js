/**
 * Keys, in one table per screen and one for the whole page: handlers, the hints in the foot and
 * the table on `?` all come from them. Letters rest while somebody types, and altogether where
 * the reader wants so (WCAG 2.1.4). Escape closes the topmost layer only.
 */
import { find, h } from "./dom.js";
import { keep, kept } from "./kept.js";
import { CAPS, KEY_WORDS } from "./words/keys.js";

/**
 * Keys are named as in `KeyboardEvent.key`; two with a space between are pressed one after the other.
 * @typedef {object} Action
 * @property {string[]} keys
 * @property {string} hint a word or two for the foot, "" for none
 * @property {string} [does] the same for the table of keys, without it the hint
 * @property {(key: string) => void} run
 */

/** A second key that comes later than this begins anew. */
const SEQUENCE_MS = 2000;

/** @type {readonly Action[]} */
let ofScreen = [];
/** @type {readonly Action[]} */
let ofPage = [];
/** What Escape closes, the topmost last. @type {(() => void)[]} */
const layers = [];
/** The first of two keys. */
let first = "";
let timer = 0;

/** Take these keys until the next screen does. @param {readonly Action[]} table */
export function useKeys(table) {
  ofScreen = table;
  showHints();
}

/** Take these keys on every screen; a screen's own come before them. @param {readonly Action[]} table */
export function usePageKeys(table) {
  ofPage = table;
  showHints();
}

/** The actions of the screen, and those of the page that it does not replace. */
export function keyTables() {
  const taken = new Set(ofScreen.flatMap(({ keys }) => keys));
  return { ofScreen, ofPage: ofPage.filter(({ keys }) => !keys.every((key) => taken.has(key))) };
}

/**
 * Let Escape close something before anything else; returns how to take that back. Dialogs and
 * popovers need no such word: the browser closes them.
 * @param {() => void} close
 */
export function onEscape(close) {
  layers.push(close);
  return () => {
    const at = layers.lastIndexOf(close);
    if (at >= 0) layers.splice(at, 1);
  };
}

/** Whether single characters act. */
export const lettersAct = () => kept("keys.letters", true);

/** @param {boolean} act */
export function letLettersAct(act) {
  keep("keys.letters", act);
  showHints();
}

/** Listen for the whole page. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isChord(event)) return;
    // What lies on top has the keys, and Escape closes it without our help.
    if (document.querySelector("dialog[open], [popover]:popover-open")) return;
    if (event.key === "Escape" && closeLayer(event)) return;
    const { target } = event;
    if (target instanceof Element && keepsKey(target, event.key)) return;
    const action = lettersAct() || !isCharacter(event.key) ? actionOf(event.key) : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action?.run(event.key);
  });
}

/** @type {Record<string, number>} */
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

/**
 * Return the action of all keys that move by so many items.
 * @param {string} hint what an item is @param {(by: number) => void} move
 * @returns {Action}
 */
export const stepAction = (hint, move) => ({ keys: Object.keys(STEPS), hint, does: KEY_WORDS.steps(hint), run: (key) => move(STEPS[key] ?? 0) });

/** Return a key as it is written on its cap. @param {string} key */
export const keyCap = (key) => h("kbd", {}, CAPS[key] ?? key);

/** Return what a key does, null where it begins or ends a sequence, undefined for nothing. @param {string} key */
function actionOf(key) {
  const name = first ? `${first} ${key}` : key;
  const wasSecond = Boolean(first);
  begin("");
  const action = [...ofScreen, ...ofPage].find(({ keys }) => keys.includes(name));
  if (action || wasSecond) return action ?? null;
  if (!continuations(key).length) return undefined;
  begin(key);
  return null;
}

/** Wait for the second of two keys, "" for none. @param {string} key */
function begin(key) {
  clearTimeout(timer);
  if (key) timer = setTimeout(() => begin(""), SEQUENCE_MS);
  if (first === key) return;
  first = key;
  showHints();
}

/** @param {string} key the first of two */
const continuations = (key) => ofPage.filter(({ keys }) => keys.some((one) => one.startsWith(`${key} `)));

/** @param {KeyboardEvent} event */
function closeLayer(event) {
  const close = first ? () => begin("") : layers.at(-1);
  if (!close) return false;
  event.preventDefault();
  close();
  return true;
}

/** Whether a key is for the element that has the focus. Escape leaves a field. @param {Element} target @param {string} key */
function keepsKey(target, key) {
  if (target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]")) {
    if (key === "Escape" && target instanceof HTMLElement) target.blur();
    return key !== "F1";
  }
  return (key === "Enter" && target.closest("a, button, summary") !== null) || (key === " " && target.closest("button, summary, input") !== null);
}

/** Ctrl, Alt or Meta, but not the AltGr by which many keyboards write `[`. @param {KeyboardEvent} event */
const isChord = (event) => (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");

/** @param {string} key */
const isCharacter = (key) => key.length === 1 && key !== " ";

/** Show what keys do in the foot; between two keys, what the second one does. */
function showHints() {
  const table = first ? continuations(first) : [...ofScreen, ...keyTables().ofPage].filter(({ hint }) => hint);
  const hints = table.map((action) => ({ caps: capsOf(action), hint: action.hint || (action.does ?? "") })).filter(({ caps }) => caps.length);
  find(".foot-keys").replaceChildren(...hints.map(({ caps, hint }) => h("span", {}, ...caps.map(keyCap), ` ${hint}`)));
}

/** Arrows and the like do what everybody expects; only others need a hint. @param {Action} action */
function capsOf({ keys }) {
  if (first) return keys.filter((key) => key.startsWith(`${first} `)).map((key) => key.slice(first.length + 1));
  return keys.filter((key) => (isCharacter(key) ? lettersAct() : key === " " || key === "Escape" || key === "Enter"));
}
