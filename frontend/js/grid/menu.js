/** The choice of columns, for pointer and keyboard: shown or not, order, width. */
import { h } from "../dom.js";
import { placeNear } from "../near.js";
import { GRID } from "../words/grid.js";

/** @typedef {import("./choice.js").ColumnChoice} ColumnChoice */

/** What a press on narrower or wider changes, in px. */
const STEP = 20;

/**
 * Return the button that opens the choice, and the choice.
 * @param {ColumnChoice} choice @param {(name: string) => string} labelOf @param {(name: string) => number} widthOf how wide a column is now
 */
export function columnMenu(choice, labelOf, widthOf) {
  const list = h("ul");
  const panel = h("div", { class: "menu columns-menu", popover: "auto", role: "dialog", "aria-label": GRID.columns },
    h("div", { class: "menu-head" }, h("h2", {}, GRID.columns), h("button", { type: "button", click: () => choice.reset() }, GRID.usual)), list);
  const button = h("button", { type: "button", class: "columns-button", "aria-haspopup": "dialog", title: GRID.columns, "aria-label": GRID.columns }, h("span", { class: "columns-glyph", "aria-hidden": "true" }));
  button.popoverTargetElement = panel;
  const draw = () => {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["does"] : undefined;
    const hidden = choice.known.map(({ name }) => name).filter((name) => !choice.has(name));
    list.replaceChildren(...[...choice.chosen.map(({ name }) => name), ...hidden].map((name) => item(choice, name, labelOf(name), widthOf)));
    if (!focused) return;
    const again = list.querySelector(`[data-does="${CSS.escape(focused)}"]:not(:disabled)`) ?? list.querySelector("input");
    if (again instanceof HTMLElement) again.focus();
  };
  choice.follow(() => panel.matches(":popover-open") && draw());
  panel.addEventListener("beforetoggle", (event) => /** @type {ToggleEvent} */ (event).newState === "open" && draw());
  panel.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    placeNear(panel, button);
    list.querySelector("input")?.focus();
  });
  return h("span", { class: "columns-place" }, button, panel);
}

/** @param {ColumnChoice} choice @param {string} name @param {string} label @param {(name: string) => number} widthOf */
function item(choice, name, label, widthOf) {
  const isShown = choice.has(name);
  const at = choice.chosen.findIndex((one) => one.name === name);
  /** @param {string} sign @param {string} says @param {() => void} run @param {boolean} [off] */
  const button = (sign, says, run, off = false) => h("button", { type: "button", "data-does": `${says} ${name}`, title: says, "aria-label": `${label}: ${says}`, disabled: !isShown || off, click: run }, sign);
  return h("li", { class: isShown ? "" : "hidden-column" },
    h("label", {}, h("input", { type: "checkbox", "data-does": `show ${name}`, checked: isShown, disabled: isShown && choice.chosen.length === 1, change: () => choice.toggle(name) }), label),
    button("↑", GRID.earlier, () => choice.move(name, -1), at === 0), button("↓", GRID.later, () => choice.move(name, 1), at === choice.chosen.length - 1),
    button("−", GRID.narrower, () => choice.resize(name, widthOf(name) - STEP)), button("+", GRID.wider, () => choice.resize(name, widthOf(name) + STEP)));
}
