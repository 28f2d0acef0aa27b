/** Light, dark, or as the system; `theme-early.js` does the same before the first paint. */
import { keep, kept, whenKept } from "./kept.js";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {readonly Theme[]} */
export const THEMES = Object.freeze(["system", "light", "dark"]);

/** @returns {Theme} */
export function themeChoice() {
  const choice = kept("theme", "system");
  return THEMES.find((theme) => theme === choice) ?? "system";
}

/** @param {Theme} theme */
export function chooseTheme(theme) {
  keep("theme", theme);
  showTheme(theme);
}

/** Show what the reader chooses in another tab, too. @param {(theme: Theme) => void} told */
export function followTheme(told) {
  whenKept("theme", () => {
    const theme = themeChoice();
    showTheme(theme);
    told(theme);
  });
}

/** @param {Theme} theme */
function showTheme(theme) {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset["theme"];
  else dataset["theme"] = theme;
}
