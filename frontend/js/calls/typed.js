/**
 * What stands in the bar, as it is typed: the beginning of a field's name or words, a field and
 * the beginning of an operator, or a field, an operator and a value. This is no query language:
 * one condition at a time, and words.
 */
import { fieldNamed, fieldNear } from "./fields.js";
import { fromParameter } from "./filter.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./filter.js").Filter} Filter */
/**
 * @typedef {{stage: "start", text: string} | {stage: "operator", field: Field, text: string}
 *   | {stage: "value", field: Field, not: boolean, value: string} | {stage: "unknown", name: string, near: Field | undefined, rest: string}} Typed
 */

const CONDITION = /^\s*([A-Za-z][\w -]*?)\s*(!=|≠|=)\s*([^]*?)\s*$/;
const IN_WORDS = /^\s*([A-Za-z][\w -]*?)\s+(is\s+not|is)\s+([^]*?)\s*$/i;
const BEGUN = /^\s*([A-Za-z][\w-]*(?: [\w-]+)?)\s+(!|i|is|is n|is no|is not)?$/i;

/** A name as links and the API have it; `to=+49` of a pasted line is none. */
const NAME = /^[a-z]+(?:_[a-z]+)*$/i;

/** @param {string} text @returns {Typed} */
export function readTyped(text) {
  const condition = CONDITION.exec(text);
  const spoken = condition ?? IN_WORDS.exec(text);
  const field = spoken && fieldNamed(spoken[1] ?? "");
  if (spoken && field) return valueOf(field, /!|≠|not/i.test(spoken[2] ?? ""), spoken[3] ?? "");
  const name = condition?.[1] ?? "";
  if (condition && NAME.test(name)) return { stage: "unknown", name, near: fieldNear(name), rest: text.slice(text.indexOf(name) + name.length) };
  const begun = BEGUN.exec(text);
  const named = begun && fieldNamed(begun[1] ?? "");
  if (begun && named) return { stage: "operator", field: named, text: (begun[2] ?? "").toLowerCase() };
  return { stage: "start", text: text.trim() };
}

/**
 * Return the filters of text that is nothing but conditions, one or several as in a link
 * (`a=1&b=2`); null of anything else.
 * @param {string} text @returns {Filter[] | null}
 */
export function readConditions(text) {
  // A value may hold `&`: the line is cut only where every piece is a condition.
  for (const pieces of [text.split("&"), [text]]) {
    const filters = pieces.filter((piece) => piece.trim()).map(readCondition);
    if (filters.length && filters.every((filter) => filter !== null)) return filters;
  }
  return null;
}

/** @param {string} piece @returns {Filter | null} */
function readCondition(piece) {
  const typed = readTyped(piece);
  return typed.stage === "value" && typed.value ? Object.freeze({ field: typed.field.name, value: typed.value, not: typed.not }) : null;
}

/** Excluding is said by the operator, or as in links by a `!` before the value. @param {Field} field @param {boolean} not @param {string} text @returns {Typed} */
function valueOf(field, not, text) {
  if (not) return { stage: "value", field, not, value: unquoted(text) };
  const filter = fromParameter(field.name, text);
  return { stage: "value", field, not: filter.not, value: unquoted(filter.value) };
}

/** @param {string} value */
const unquoted = (value) => (/^(["'])[^]*\1$/.test(value) && value.length > 1 ? value.slice(1, -1) : value);
