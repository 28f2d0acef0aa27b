/** The calls before and after one in the search that led to it; the list of calls leaves them here. */

/** @typedef {{href: string, callId: string}} Place */
/** @typedef {{at: number, count: number, previous: Place | null, next: Place | null}} Neighbours */

/** @type {readonly Place[]} */
let places = [];

/** Note the calls of a search, in the order in which they are shown. @param {readonly Place[]} found */
export function noteSearch(found) {
  places = found;
}

/** @param {string} callId @returns {Neighbours | null} null where no search holds this call */
export function neighboursOf(callId) {
  const at = places.findIndex((place) => place.callId === callId);
  if (at < 0) return null;
  return { at: at + 1, count: places.length, previous: places[at - 1] ?? null, next: places[at + 1] ?? null };
}
