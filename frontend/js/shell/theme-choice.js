/** The choice of light, dark, or as the system. */
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { THEMES, chooseTheme, followTheme, themeChoice } from "../theme.js";
import { THEME_WORDS as WORDS } from "../words/shell.js";

export function themeControl() {
  const chosen = themeChoice();
  const radios = THEMES.map((theme) => h("input", { type: "radio", name: "theme", value: theme, checked: theme === chosen, "aria-label": WORDS[theme], change: () => chooseTheme(theme) }));
  followTheme((theme) => radios.forEach((radio) => { radio.checked = radio.value === theme; }));
  return h("fieldset", { class: "theme-choice" }, h("legend", { class: "out-of-sight" }, WORDS.label), ...THEMES.map((theme, index) =>
    h("label", { title: `${WORDS.label}: ${WORDS[theme].toLowerCase()}` }, radios[index], icon(theme), h("span", { "aria-hidden": "true" }, WORDS[theme]))));
}
