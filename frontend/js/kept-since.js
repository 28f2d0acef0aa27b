/** The note above a range of which a part is not there any more. */
import { h } from "./dom.js";
import { longTime } from "./times.js";
import { STATE_WORDS } from "./words/states.js";

/**
 * Return the note; null where the range begins later than what is kept.
 * @param {number} fromMs where the range begins @param {string | null} keptSince as the API says it
 */
export function keptNote(fromMs, keptSince) {
  if (keptSince === null || !(fromMs < Date.parse(keptSince))) return null;
  return h("p", { class: "note kept-note" }, STATE_WORDS.removed(longTime(keptSince)));
}
