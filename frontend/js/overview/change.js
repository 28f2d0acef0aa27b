/** What changed since a week ago, in words: a sign, a figure, an arrow. */
import { TILES } from "../words/home.js";

/** Smaller than what is shown of a figure. */
const SMALL = 0.05;

/** `−0.6 points ↓`; "" where nothing can be compared. @param {number | null} now @param {number | null} before @param {string} unit @param {number} digits */
export function difference(now, before, unit, digits = 1) {
  if (now === null || before === null) return "";
  const by = now - before;
  if (Math.abs(by) < SMALL * 10 ** (1 - digits)) return TILES.same;
  return TILES.onLastWeek(`${signed(by.toFixed(digits))} ${unit}`.trim() + arrow(by));
}

/** `+4.1 %` @param {number} now @param {number} before */
export function growth(now, before) {
  if (!before) return "";
  const percent = ((now - before) / before) * 100;
  if (Math.abs(percent) < SMALL) return TILES.same;
  const text = Math.abs(percent) < 100 ? percent.toFixed(1) : Math.round(percent).toLocaleString("en").replaceAll(",", "\u202f");
  return TILES.onLastWeek(`${signed(text)} %`);
}

/** @param {string} text */
const signed = (text) => (text.startsWith("-") ? text.replace("-", "−") : `+${text}`);

/** @param {number} by */
const arrow = (by) => (by > 0 ? " ↑" : " ↓");
