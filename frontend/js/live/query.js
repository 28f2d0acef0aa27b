/** What is followed: the parameters of the URL, which are filters of the API, and their text in the form. */
import { each, joined } from "../address.js";
import { FIELD_HINTS, FIELD_LABELS } from "../words/live.js";

/** @typedef {import("../address.js").Values} Values */

/** Filters of `GET live` that the form has. */
export const FIELDS = /** @type {(keyof typeof FIELD_LABELS)[]} */ (Object.keys(FIELD_LABELS));

/** Filters that messages have and calls have not. */
export const NOT_OF_CALLS = Object.freeze(["method", "status"]);

/** Finals that tell of a failure: a challenge is none, nor what users decide (outcome `not_taken`). */
export const FAILURES = Object.freeze(["4*", "5*", "6*", "!401", "!407", "!480", "!486", "!487", "!600", "!603"]);

/** @type {Record<string, import("../address.js").Parameter>} */
export const PARAMETERS = Object.freeze({
  ...Object.fromEntries(FIELDS.map((name) => [name, { fallback: "", many: true }])),
  pause: { fallback: "", check: (/** @type {string} */ text) => text === "1" },
});

/** Return the parameters of `GET live` and `GET messages`. @param {Values} values */
export function apiQuery(values) {
  const query = new URLSearchParams();
  for (const name of FIELDS) for (const value of each(values[name])) query.append(name, value);
  return query;
}

/** Return the values of a field as its text in the form. @param {string | undefined} values */
export const formText = (values) => each(values).join(" ");

/** Return the text of the form as the values of a field. @param {string} text */
export const formValues = (text) => joined([...new Set(text.split(/\s+/).filter(Boolean))]);

/** Whether just failures are followed. @param {Values} values */
export const isOnlyFailures = (values) => values["status"] === joined(FAILURES);

/** @param {string} name */
export const hintOf = (name) => FIELD_HINTS[/** @type {keyof typeof FIELD_HINTS} */ (name)];
