/** What differs within two lines that belong together, by words of SIP (RFC 3261 25.1). Pure. */
import { common } from "./align.js";

/** @typedef {{text: string, isChanged: boolean}} Span */

const WORD = /[A-Za-z0-9_.\-+%]+|\s+|[^A-Za-z0-9_.\-+%\s]/g;

/** Words that are compared; in longer lines begin and end alone are. */
const MOST_WORDS = 250;

/** @param {string} left @param {string} right @returns {{left: Span[], right: Span[]}} */
export function changedSpans(left, right) {
  const [these, those] = [left.match(WORD) ?? [], right.match(WORD) ?? []];
  let begin = 0;
  while (begin < these.length && begin < those.length && these[begin] === those[begin]) begin += 1;
  let end = 0;
  while (end < these.length - begin && end < those.length - begin && these.at(-1 - end) === those.at(-1 - end)) end += 1;
  const [ours, theirs] = [these.slice(begin, these.length - end), those.slice(begin, those.length - end)];
  const isShort = ours.length <= MOST_WORDS && theirs.length <= MOST_WORDS;
  const same = isShort ? common(ours, theirs) : [];
  /** @param {string[]} words @param {string[]} middle @param {Set<number>} kept */
  const spans = (words, middle, kept) => merged([
    ...words.slice(0, begin).map((text) => ({ text, isChanged: false })),
    ...middle.map((text, index) => ({ text, isChanged: !kept.has(index) })),
    ...words.slice(words.length - end).map((text) => ({ text, isChanged: false })),
  ]);
  return { left: spans(these, ours, new Set(same.map(([at]) => at))), right: spans(those, theirs, new Set(same.map(([, at]) => at))) };
}

/** @param {Span[]} spans @returns {Span[]} */
function merged(spans) {
  /** @type {Span[]} */
  const found = [];
  for (const span of spans) {
    const last = found.at(-1);
    if (last && last.isChanged === span.isChanged) last.text += span.text;
    else found.push({ ...span });
  }
  return found;
}
