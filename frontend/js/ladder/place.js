/**
 * Where label and marks of an arrow stand. They begin at its left end and run over free lifelines;
 * at the right edge they move left. Where even that is not room enough, what carries less goes
 * first: SDP shrinks to a word, marks go from the right, then the phrase gets an ellipsis. Method
 * and code always stand. Pure: how wide a text is, the caller knows.
 */

/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {"strong" | "plain" | "mark" | "aside"} Font */
/** @typedef {(text: string, font: Font) => number} Measure */
/** @typedef {{mark: Mark, text: string, x: number, width: number}} Pill */
/** @typedef {{x: number, text: string, pills: Pill[]}} Label */
/** @typedef {{left: number, low: number, high: number}} Room where a label wants to begin, and its bounds */

const SPACE = 6;

/** What is around the text of a mark; what has no edge needs less. @type {Partial<Record<import("./marks.js").MarkKind, number>>} */
const PADDINGS = Object.freeze({ reason: 0, copies: 4 });
const PADDING = 10;

/**
 * @param {string} label method, or code and phrase @param {Font} font @param {Mark[]} marks @param {Room} room @param {Measure} measure
 * @returns {Label}
 */
export function placeLabel(label, font, marks, { left, low, high }, measure) {
  const most = high - low;
  let pills = marks.map((mark) => pillOf(mark, mark.text, measure));
  const width = measure(label, font);
  const total = () => width + pills.reduce((sum, pill) => sum + SPACE + pill.width, 0);
  if (total() > most || (total() > high - left && pills.some(({ mark }) => mark.kind === "sdp"))) {
    const shrunk = pills.map((pill) => (pill.mark.short ? pillOf(pill.mark, pill.mark.short, measure) : pill));
    pills = shrunk;
  }
  while (pills.length && total() > most) pills = pills.slice(0, -1);
  const text = width > most ? cut(label, most, (part) => measure(part, font)) : label;
  const drawn = text === label ? total() : measure(text, font);
  const x = Math.max(low, Math.min(left, high - drawn));
  let at = x + (text === label ? width : drawn);
  for (const pill of pills) {
    pill.x = at + SPACE;
    at = pill.x + pill.width;
  }
  return { x, text, pills };
}

/** @param {Mark} mark @param {string} text @param {Measure} measure @returns {Pill} */
function pillOf(mark, text, measure) {
  const padding = PADDINGS[mark.kind];
  return { mark, text, x: 0, width: measure(text, padding === undefined ? "mark" : "aside") + (padding ?? PADDING) };
}

/** Cut a label to a width; its first word stays. @param {string} text @param {number} most @param {(text: string) => number} width */
function cut(text, most, width) {
  const least = text.search(/ |$/);
  let [low, high] = [least, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (width(`${text.slice(0, middle)}…`) <= most) low = middle;
    else high = middle - 1;
  }
  return low <= least ? text.slice(0, least) : `${text.slice(0, low).trimEnd()}…`;
}
