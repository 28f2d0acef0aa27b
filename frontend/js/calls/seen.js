/** Values seen of a field in the range that is searched, with how many calls have each. */
import { API, get } from "../api.js";
import { now } from "../clock.js";
import { answered } from "./answers.js";
import { conditions } from "./query.js";

/** @typedef {{value: string, count: number, label: string | null}} Seen */
/** @typedef {{items: Seen[], is_sampled: boolean}} SeenValues */

/** So many values are offered at once; more are reached by typing on. */
const MOST_OFFERED = 30;

/**
 * Return the values seen, the most frequent first.
 * @param {string} field @param {URLSearchParams} conditions what else a call must be @param {{prefix?: string, limit: number}} wish @param {AbortSignal} signal
 * @returns {Promise<SeenValues>}
 */
export function valuesSeen(field, conditions, { prefix = "", limit }, signal) {
  const query = new URLSearchParams(conditions);
  if (prefix) query.set("prefix", prefix);
  query.set("limit", String(limit));
  return answered(`${API}/fields/${encodeURIComponent(field)}/values`, query, signal);
}

/**
 * Return the values seen among which those are that begin with a text. The most frequent ones are
 * asked for once; only where there are more than those does the text go along, as the words behind
 * a value (“Busy Here”) are not known to the API's search.
 * @param {string} field @param {URLSearchParams} conditions @param {string} prefix @param {number} limit @param {AbortSignal} signal
 * @returns {Promise<SeenValues>}
 */
async function valuesLike(field, conditions, prefix, limit, signal) {
  const frequent = await valuesSeen(field, conditions, { limit }, signal);
  if (!prefix || frequent.items.length < limit) return frequent;
  const begun = await valuesSeen(field, conditions, { prefix, limit }, signal);
  const known = new Set(begun.items.map(({ value }) => value));
  return { items: [...begun.items, ...frequent.items.filter(({ value }) => !known.has(value))], is_sampled: begun.is_sampled || frequent.is_sampled };
}

/**
 * Return the values of a field that are offered while a search is written.
 * @param {string} field @param {import("../address.js").Values} values of the search so far @param {string} prefix @param {AbortSignal} signal
 */
export const valuesOffered = (field, values, prefix, signal) => valuesLike(field, conditions(values, wholeMinute(), field), prefix, MOST_OFFERED, signal);

/** Questions about the same minute are the same question, whose answer is known. */
const wholeMinute = () => Math.floor(now() / 60_000) * 60_000;

/** @type {Promise<Map<string, string>> | null} */
let asked = null;

/** Return what each field is, in a sentence of the API's; nothing while it does not answer. @returns {Promise<Map<string, string>>} */
export function descriptions() {
  asked ??= get(`${API}/fields`, new URLSearchParams()).then(
    ({ items }) => new Map(items.map((/** @type {{name: string, description: string}} */ { name, description }) => [name, description])),
    () => { asked = null; return new Map(); },
  );
  return asked;
}
