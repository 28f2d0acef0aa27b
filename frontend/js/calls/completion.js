/**
 * What may follow what is typed: fields, operators, values. Everything but the values seen is
 * known without asking; those come later, or not at all, and never hold up typing.
 */
import { literal, typedText } from "./filter.js";
import { FIELDS } from "./fields.js";
import { recentFilters } from "./recent.js";
import { COMPLETION, EXAMPLES, OPERATORS, OUTCOME_NAMES, PATTERNS } from "../words/calls.js";

/** @typedef {import("./typed.js").Typed} Typed */
/** @typedef {import("./seen.js").Seen} Seen */
/** @typedef {import("./filter.js").Filter} Filter */
/** What taking an option does: text that then stands in the bar, a filter, or the words as they are. */
/** @typedef {{text: string} | {filter: Filter} | {words: string}} Taking */
/** @typedef {Readonly<{code: string, says: string, note?: string, takes: Taking}>} Option */
/** @typedef {{title: string, options: Option[]}} Group */

const MOST_FIELDS = 30;

/**
 * Return the groups of options without an answer of the API.
 * @param {Typed} typed @param {ReadonlyMap<string, string>} described what each field is
 * @returns {Group[]}
 */
export function optionsOf(typed, described) {
  switch (typed.stage) {
    case "start": return [...(typed.text ? [] : beginnings()), ...fieldGroup(typed.text, described), ...wordGroup(typed.text)];
    case "operator": return [{ title: COMPLETION.operators(typed.field.label), options: operatorOptions(typed) }];
    case "value": return patternGroup(typed);
    case "unknown": return typed.near ? [{ title: COMPLETION.meant, options: [{ code: typed.near.name, says: typed.near.label, takes: { text: `${typed.near.name}${typed.rest}` } }] }] : [];
  }
}

/** Return the group of values seen. @param {Extract<Typed, {stage: "value"}>} typed @param {readonly Seen[]} seen @param {boolean} isSampled @returns {Group[]} */
export function seenGroup({ field, not, value }, seen, isSampled) {
  const wanted = value.replaceAll("*", "").toLowerCase();
  const found = seen.filter((one) => one.value.toLowerCase().includes(wanted) || (one.label ?? "").toLowerCase().includes(wanted));
  const options = found.map((one) => ({
    code: one.value, says: one.label ?? (field.name === "outcome" ? OUTCOME_NAMES[one.value] ?? "" : ""),
    note: COMPLETION.calls(one.count, isSampled), takes: { filter: { field: field.name, value: literal(one.value), not } },
  }));
  return options.length ? [{ title: COMPLETION.seen(field.label), options }] : [];
}

/** @param {string} text @param {ReadonlyMap<string, string>} described @returns {Group[]} */
function fieldGroup(text, described) {
  const wanted = text.toLowerCase();
  /** @param {{name: string, label: string}} field */
  const rank = ({ name, label }) => (name.startsWith(wanted) || label.toLowerCase().startsWith(wanted) ? 0 : 1);
  const found = FIELDS.filter(({ name, label }) => `${name} ${label}`.toLowerCase().includes(wanted)).sort((one, other) => rank(one) - rank(other));
  const options = found.slice(0, MOST_FIELDS).map(({ name, label }) => ({ code: name, says: described.get(name) ?? label, takes: { text: `${name} ` } }));
  return options.length ? [{ title: COMPLETION.fields, options }] : [];
}

/** What to begin with where nothing is typed: filters taken before, and examples. @returns {Group[]} */
function beginnings() {
  const recent = recentFilters().map((filter) => ({ code: typedText(filter), says: "", takes: { filter } }));
  const examples = EXAMPLES.map(([code, says]) => ({ code, says, takes: { text: code } }));
  return [{ title: COMPLETION.recent, options: recent }, { title: COMPLETION.examples, options: examples }].filter(({ options }) => options.length);
}

/** @param {string} text @returns {Group[]} */
const wordGroup = (text) => (text ? [{ title: COMPLETION.words, options: [{ code: text, says: COMPLETION.anywhere, takes: { words: text } }] }] : []);

/** @param {Extract<Typed, {stage: "operator"}>} typed @returns {Option[]} */
function operatorOptions({ field, text }) {
  /** @type {[code: string, says: string][]} */
  const operators = [["=", OPERATORS.is], ["!=", OPERATORS.isNot]];
  const begun = operators.filter(([code, says]) => code.startsWith(text) || says.startsWith(text));
  return [
    ...begun.map(([code, says]) => ({ code, says: field.kind === "enum" || field.kind === "time" ? says : `${says}, ${OPERATORS.wildcard}`, takes: { text: `${field.name} ${code} ` } })),
    ...(text ? [] : [
      { code: "= *", says: OPERATORS.has, takes: { filter: { field: field.name, value: "*", not: false } } },
      { code: "!= *", says: OPERATORS.hasNot, takes: { filter: { field: field.name, value: "*", not: true } } },
    ]),
  ];
}

/** @param {Extract<Typed, {stage: "value"}>} typed @returns {Group[]} */
function patternGroup({ field, not, value }) {
  const { name, kind } = field;
  /** @param {string} pattern @param {string} says */
  const option = (pattern, says) => ({ code: pattern, says, takes: { filter: { field: name, value: pattern, not } } });
  if (kind === "enum") {
    const options = field.values.filter((one) => `${one} ${name === "outcome" ? OUTCOME_NAMES[one] : ""}`.toLowerCase().includes(value.toLowerCase()));
    return options.length ? [{ title: COMPLETION.all(field.label), options: options.map((one) => option(one, name === "outcome" ? OUTCOME_NAMES[one] ?? "" : "")) }] : [];
  }
  if (!value) return [];
  const isPattern = value.includes("*");
  const options = [option(value, isPattern ? PATTERNS.pattern : PATTERNS.exactly)];
  if (kind === "text" && !isPattern) options.push(option(`${value}*`, PATTERNS.begins), option(`*${value}*`, PATTERNS.contains));
  return [{ title: not ? COMPLETION.isNot(field.label) : COMPLETION.is(field.label), options }];
}
