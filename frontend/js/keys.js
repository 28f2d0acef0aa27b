/**
 * Keys, in one table per screen: the handler and the hints in the footer both come from it.
 * Letters rest while somebody types into a field (WCAG 2.1.4); Escape leaves the field.
 */
import { find, h } from "./dom.js";

/** @typedef {{keys: string[], hint: string, run: (key: string) => void}} Action */

/** @type {Action[]} */
let actions = [];

/** Take these keys until the next screen does. @param {Action[]} table */
export function useKeys(table) {
  actions = table;
  const hints = table.filter((action) => action.hint);
  find(".foot-keys").replaceChildren(
    ...hints.map(({ keys, hint }) => h("span", {}, ...shown(keys).map((key) => h("kbd", {}, NAMES[key] ?? key)), ` ${hint}`)),
  );
}

/** Arrows and the like do what everybody expects; only letters need a hint. @param {string[]} keys */
const shown = (keys) => keys.filter((key) => key.length === 1 || key in NAMES);

/** @type {Record<string, string>} */
const NAMES = { Escape: "Esc", Enter: "Enter" };

/** Listen for the whole page. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    const typing = target instanceof Element && target.closest("input, select, textarea");
    if (typing) {
      if (event.key === "Escape" && target instanceof HTMLElement) target.blur();
      return;
    }
    // Enter on a control is that control's own.
    if (event.key === "Enter" && target instanceof Element && target.closest("a, button, summary")) return;
    const action = actions.find(({ keys }) => keys.includes(event.key));
    if (!action) return;
    event.preventDefault();
    action.run(event.key);
  });
}

/** @type {Record<string, number>} */
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

/**
 * Return the action of all keys that move by so many items.
 * @param {string} hint what an item is @param {(by: number) => void} move
 * @returns {Action}
 */
export const stepAction = (hint, move) => ({ keys: Object.keys(STEPS), hint, run: (key) => move(STEPS[key] ?? 0) });
