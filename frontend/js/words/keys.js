/** Words of the keys: how they are written, and their page. */

/** How a key is written on its cap; others as they are. @type {Readonly<Record<string, string>>} */
export const CAPS = Object.freeze({
  Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", PageUp: "PgUp", PageDown: "PgDn", " ": "Space",
});

export const KEY_WORDS = Object.freeze({
  title: "Keys",
  open: "Keys",
  close: "Close",
  /** @param {string} screen */
  onScreen: (screen) => `On this screen: ${screen}`,
  everywhere: "Everywhere",
  letters: "Single keys act",
  lettersWhy: "Letters, digits and signs without Ctrl or Alt. Turn them off if you speak to your computer or often press keys by mistake; F1, Enter, Esc and the arrows go on working.",
  inFields: "In a field they are text; Esc leaves it, and closes the topmost layer only.",
  keys: "this table",
  /** @param {string} item */
  steps: (item) => `next or previous ${item}; the first, the last`,
  range: "choose the time range",
  copyLink: "copy a link to what is shown, with its times fixed",
  hint: "keys",
  /** @param {string} title of a screen */
  goTo: (title) => `go to ${title.toLowerCase()}`,
});
