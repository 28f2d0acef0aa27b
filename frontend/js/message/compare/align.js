/**
 * Two messages side by side: which of their headers belong together, and which lines of their
 * bodies. Headers are paired by name, several of one name in their order; lines by the longest
 * common subsequence. Pure.
 */
import { fullName, niceName } from "../sip.js";

/** @typedef {import("../sip.js").Sip} Sip */
/** @typedef {{name: string, left: string | null, right: string | null}} Pair null where only the other has it */

/** Lines of a body that are compared; beyond them a body is too long to be read like that. */
const MOST_LINES = 600;

/** @param {Sip} left @param {Sip} right @returns {Pair[]} the start lines, then headers in the order of the left */
export function headerPairs(left, right) {
  /** @param {Sip} sip */
  const byName = (sip) => {
    /** @type {Map<string, import("../sip.js").Header[]>} */
    const found = new Map();
    for (const header of sip.headers) found.set(fullName(header.name), [...(found.get(fullName(header.name)) ?? []), header]);
    return found;
  };
  const [ours, theirs] = [byName(left), byName(right)];
  const names = [...new Set([...ours.keys(), ...theirs.keys()])];
  const pairs = names.flatMap((name) => {
    const [these, those] = [ours.get(name) ?? [], theirs.get(name) ?? []];
    return Array.from({ length: Math.max(these.length, those.length) }, (_, index) => ({
      name: niceName((these[index] ?? those[index])?.name ?? name), left: these[index]?.value ?? null, right: those[index]?.value ?? null,
    }));
  });
  return [{ name: "", left: left.start, right: right.start }, ...pairs];
}

/** @param {string} left @param {string} right @returns {Pair[]} */
export function linePairs(left, right) {
  const [these, those] = [linesOf(left), linesOf(right)];
  /** @type {Pair[]} */
  const pairs = [];
  let [at, to] = [0, 0];
  for (const [i, j] of [...common(these, those), /** @type {[number, number]} */ ([these.length, those.length])]) {
    // Lines of one kind (c=, m=, a=rtpmap) that changed stand beside each other.
    while (at < i || to < j) {
      const isPair = at < i && to < j && kindOf(these[at] ?? "") === kindOf(those[to] ?? "");
      const takesLeft = isPair || at < i;
      const takesRight = isPair || !takesLeft;
      pairs.push({ name: "", left: takesLeft ? (these[at] ?? "") : null, right: takesRight ? (those[to] ?? "") : null });
      at += Number(takesLeft);
      to += Number(takesRight);
    }
    if (i < these.length && j < those.length) pairs.push({ name: "", left: these[i] ?? "", right: those[j] ?? "" });
    [at, to] = [i + 1, j + 1];
  }
  return pairs;
}

/** @param {string} text */
const linesOf = (text) => (text ? text.replace(/\r?\n$/, "").split(/\r?\n/).slice(0, MOST_LINES) : []);

/** @param {string} line */
const kindOf = (line) => /^a=[^:\s]{1,40}|^[a-z]=/.exec(line)?.[0] ?? line.slice(0, 2);

/** Return the indices of a longest common subsequence. @param {string[]} these @param {string[]} those @returns {[number, number][]} */
export function common(these, those) {
  const width = those.length + 1;
  const lengths = new Uint16Array((these.length + 1) * width);
  for (let i = these.length - 1; i >= 0; i -= 1) {
    for (let j = those.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = these[i] === those[j] ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  /** @type {[number, number][]} */
  const found = [];
  let [i, j] = [0, 0];
  while (i < these.length && j < those.length) {
    if (these[i] === those[j]) found.push([i++, j++]);
    else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return found;
}
