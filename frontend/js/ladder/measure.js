/** How wide a text is in the fonts of the ladder; asked once for each text. */

/** @typedef {import("./place.js").Font} Font */

/** What the style sheet gives labels and marks (css/ladder.css). @type {Record<Font, string>} */
const FONTS = Object.freeze({ strong: "600 13px", plain: "400 13px", mark: "600 11px", aside: "400 11px" });

/** Texts that are kept; hostile calls may have any number of different ones. */
const KEPT = 5000;

/** Longer ones are cut before they are measured; no screen is as wide. */
const LONGEST = 400;

/** @type {Map<string, number>} */
const widths = new Map();

/** @type {OffscreenCanvasRenderingContext2D | null} */
let context = null;
let family = "";

/** @param {string} text @param {Font} font */
export function measureText(text, font) {
  const key = `${font} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  context ??= new OffscreenCanvas(1, 1).getContext("2d");
  family ||= getComputedStyle(document.body).fontFamily;
  if (!context) throw new Error("this browser cannot measure text");
  context.font = `${FONTS[font]} ${family}`;
  const width = Math.ceil(context.measureText(text.slice(0, LONGEST)).width);
  if (widths.size >= KEPT) widths.clear();
  widths.set(key, width);
  return width;
}
