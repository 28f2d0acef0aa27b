/**
 * What time it is by the server's clock. Stored times, and what “the last 15 minutes” are, are the
 * servers'; the clock of a browser may be a day off. Each answer says when it was made, to the second.
 */

/** What differs by less is nobody's trouble, and is not told. */
const TOLD_MS = 60_000;

/** A `Date` header holds whole seconds, and a server that is asked often makes it anew once a second. */
const HEADER_MS = 2500;

/** The form that the header has (RFC 9110, 5.6.7). What is no date is read as one all the same: `-1` as a day of 2001. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} (?:19|2\d)\d\d \d\d:\d\d:\d\d GMT$/;

/** How far the server's clock is ahead of this one: all answers so far agree on something between. */
let leastMs = -Infinity;
let mostMs = Infinity;
/** What is taken for it; 0 as long as both clocks may be the same. */
let aheadMs = 0;
/** @type {(aheadMs: number, isFirst: boolean) => void} */
let moved = () => {};

/** Milliseconds since the epoch. */
export const now = () => Date.now() + aheadMs;

/**
 * Call back when the server's clock turns out to differ by another minute or more than was known;
 * `isFirst` with the first answer at all, before which this clock was believed.
 * @param {(aheadMs: number, isFirst: boolean) => void} told 0 where both agree
 */
export function watchClock(told) {
  moved = told;
}

/** Learn from an answer that came just now. @param {Response} response @param {number} askedMs when it was asked for, of `performance.now` */
export function hearClock(response, askedMs) {
  const date = response.headers.get("Date") ?? "";
  const madeMs = HTTP_DATE.test(date) ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(madeMs)) return;
  const isFirst = leastMs === -Infinity;
  const cameMs = Date.now();
  // It was made at some time between question and answer.
  const [least, most] = [madeMs - cameMs, madeMs + HEADER_MS - cameMs + (performance.now() - askedMs)];
  // Where they contradict each other, one of the clocks has been set.
  const agrees = least <= mostMs && most >= leastMs;
  [leastMs, mostMs] = agrees ? [Math.max(least, leastMs), Math.min(most, mostMs)] : [least, most];
  const before = aheadMs;
  aheadMs = leastMs <= 0 && mostMs >= 0 ? 0 : Math.round((leastMs + mostMs) / 2);
  if (Math.abs(aheadMs - before) >= TOLD_MS) moved(Math.abs(aheadMs) < TOLD_MS ? 0 : aheadMs, isFirst);
}
