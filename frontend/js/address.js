/**
 * The page's state in the URL. Each screen declares its parameters in a table; reading gives one
 * frozen object with defaults filled in and everything that was not understood, writing leaves
 * defaults out. Nothing is dropped in silence.
 */

import { based } from "./base.js";
import { isZone, zoneOfAddress } from "./zone.js";

/** The parameter that every screen has; the router reads it. */
export const ZONE = "tz";

/**
 * A parameter of a screen. One that may come `many` times has its values in one text, a line each;
 * each of them is checked.
 * @typedef {{fallback: string, check?: (text: string) => boolean, many?: boolean}} Parameter
 */
/** @typedef {Readonly<Record<string, string>>} Values */
/** @typedef {{name: string, value: string, known: boolean}} Stranger */

/**
 * Return the values of a query string and what in it is unknown or makes no sense.
 * @param {Readonly<Record<string, Parameter>>} table @param {string} search
 * @returns {{values: Values, strangers: Stranger[]}}
 */
export function readAddress(table, search) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const [name, parameter] of Object.entries(table)) values[name] = parameter.fallback;
  /** @type {Stranger[]} */
  const strangers = [];
  /** @type {Map<string, Set<string>>} */
  const many = new Map();
  for (const [name, value] of new URLSearchParams(search)) {
    if (name === ZONE && isZone(value)) continue;
    if (name === ZONE) { strangers.push({ name, value, known: true }); continue; }
    const parameter = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!parameter || !(parameter.check?.(value) ?? true)) strangers.push({ name, value, known: Boolean(parameter) });
    else if (!parameter.many) values[name] = value;
    else if (value) many.set(name, (many.get(name) ?? new Set()).add(value.replaceAll("\n", " ")));
  }
  for (const [name, found] of many) values[name] = joined([...found]);
  return { values: Object.freeze(values), strangers };
}

/**
 * Return the shortest query string, with its `?`, that reads back as these values.
 * @param {Readonly<Record<string, Parameter>>} table @param {Values} values
 */
export function writeAddress(table, values) {
  const query = new URLSearchParams();
  for (const [name, parameter] of Object.entries(table)) {
    const value = values[name] ?? parameter.fallback;
    if (value === parameter.fallback) continue;
    for (const one of parameter.many ? each(value) : [value]) query.append(name, one);
  }
  return questionOf(query);
}

/** Return the values of a parameter that may come many times. @param {string | undefined} text */
export const each = (text) => (text ? text.split("\n") : []);

/** Return values as the one text that `each` takes apart. @param {readonly string[]} values */
export const joined = (values) => values.join("\n");

/**
 * Return the address of a call; `more` are further parameters of its screen, of which a list comes
 * as often as it has values: `{with: ["b@pbx", "c@pbx"]}` puts three calls in one ladder.
 * @param {string} callId @param {string} [at] when it began, if the Call-ID may have come again
 * @param {Record<string, string | readonly string[]>} [more]
 */
export function callAddress(callId, at, more = {}) {
  const query = new URLSearchParams(at ? { at } : {});
  for (const [name, value] of Object.entries(more)) {
    for (const one of typeof value === "string" ? [value] : value) query.append(name, one);
  }
  return based(`/calls/${callSegment(callId)}${questionOf(query)}`);
}

/**
 * Return a Call-ID as a segment of a path. Browsers resolve one of only dots, even encoded, as a
 * step upward; a space behind it, which no Call-ID ends with, stops them, and the API leaves it out.
 * @param {string} callId
 */
export const callSegment = (callId) => encodeURIComponent(/^\.{1,2}$/.test(callId) ? `${callId} ` : callId);

/** Return the Call-ID of such a segment; other white space than blanks is of the Call-ID. Throws URIError. @param {string} segment */
export const callIdOfSegment = (segment) => decodeURIComponent(segment).replace(/^ +| +$/g, "");

/** The zone goes along where the reader follows a link in another than their own. @param {URLSearchParams} query */
function questionOf(query) {
  const zone = zoneOfAddress();
  if (zone) query.set(ZONE, zone);
  return query.size ? `?${query}` : "";
}
