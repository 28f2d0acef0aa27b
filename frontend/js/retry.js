/** Asking again by itself after a failure that may pass: with a countdown, and less and less often. */
import { STATE_WORDS as WORDS } from "./words/states.js";

/** @typedef {import("./api.js").Problem} Problem */

const FIRST_S = 5;
const LONGEST_S = 60;

/** As many questions as one has open, by far. */
const MOST_PATHS = 200;

/** Failures in a row, by what was asked. @type {Map<string, number>} */
const failures = new Map();

/**
 * Return after how many seconds to ask again, 0 for never: a question that took too long (504)
 * takes as long again, and one that is wrong stays wrong.
 * @param {Problem} problem
 */
export function retryAfterS({ status, path, pauseS }) {
  const mayPass = status === 0 || status === 429 || (status >= 500 && status !== 501 && status !== 504);
  if (!mayPass) return 0;
  const before = failures.get(path) ?? 0;
  if (failures.size >= MOST_PATHS) failures.clear();
  failures.set(path, before + 1);
  return Math.max(pauseS, Math.min(FIRST_S * 2 ** before, LONGEST_S));
}

/** An answer came: the next failure is a first one. @param {string} path */
export const succeeded = (path) => failures.delete(path);

/**
 * Count down in an element and run then, for as long as the element is in the page and what it
 * stands in does not wait for an answer already. Nobody looks at a hidden page: there the last
 * second waits.
 * @param {HTMLElement} place @param {number} seconds @param {() => void} run
 */
export function countDown(place, seconds, run) {
  let left = seconds;
  place.textContent = WORDS.retryIn(left);
  const isWanted = () => place.isConnected && !place.closest("[aria-busy=true]");
  const timer = setInterval(() => {
    if (left > 1 || !document.hidden) left -= 1;
    if (isWanted() && left > 0) {
      place.textContent = WORDS.retryIn(left);
      return;
    }
    clearInterval(timer);
    if (isWanted()) run();
    else place.textContent = "";
  }, 1000);
}
