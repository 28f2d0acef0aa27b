/** Why no call matches: which condition rules them all out, found by leaving out each in turn. */
import { API } from "../api.js";
import { writeAddress } from "../address.js";
import { based } from "../base.js";
import { rangeText } from "../range.js";
import { stateCard } from "../states.js";
import { EVER, longTime, micros } from "../times.js";
import { LOOSEN } from "../words/calls.js";
import { counted } from "../words/count.js";
import { answered } from "./answers.js";
import { chipText } from "./chips.js";
import { withoutFilter } from "./filter.js";
import { PARAMETERS, conditions, filtersOf, withFilters, withWords, wordsOf } from "./query.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {{text: string, without: Values}} Condition */
/** @typedef {Condition & {total: number}} Loosened */

/** More conditions than these are not tried one by one. */
const MOST_TRIED = 8;

/** Half of the span about the newest call that is offered. */
const ABOUT_MS = 12 * 3_600_000;

/**
 * Return the card for a search that finds nothing although calls are stored.
 * @param {Values} values @param {number} nowMs @param {import("../api.js").Call} newest @param {AbortSignal} signal
 */
export async function nothingMatches(values, nowMs, newest, signal) {
  /** @param {Values} wanted @returns {Promise<number>} */
  const count = async (wanted) => (await answered(`${API}/stats/outcomes`, conditions(wanted, nowMs), signal)).total;
  const bare = withFilters(withWords(values, []), []);
  const each = conditionsOf(values).slice(0, MOST_TRIED);
  // The steps without counts are better than none.
  const [all, ...totals] = await Promise.all([bare, ...each.map(({ without }) => without)].map((wanted) => count(wanted).catch(() => null)));
  signal.throwIfAborted();
  const loosened = each.flatMap((condition, index) => { const total = totals[index]; return total ? [{ ...condition, total }] : []; }).sort((one, other) => other.total - one.total);
  return stateCard({
    look: "not-taken", title: LOOSEN.title,
    text: [rangeSentence(values, all ?? null), ruleSentence(each, loosened, all ?? null), all === 0 ? LOOSEN.newest(longTime(newest.started_at), newest.method) : LOOSEN.byBegin],
    steps: stepsOf(values, bare, loosened, all ?? null, newest),
  });
}

/** @param {Values} values @returns {Condition[]} */
function conditionsOf(values) {
  const filters = filtersOf(values);
  const words = wordsOf(values);
  return [
    ...filters.map((filter) => ({ text: chipText({ filter }), without: withFilters(values, withoutFilter(filters, filter)) })),
    ...words.map((word) => ({ text: chipText({ word }), without: withWords(values, words.filter((one) => one !== word)) })),
  ];
}

/** @param {Values} values @param {number | null} all */
const rangeSentence = (values, all) => (all === null ? "" : LOOSEN.inRange(counted(all, "call"), all, rangeText(values)));

/** @param {Condition[]} each @param {Loosened[]} loosened @param {number | null} all */
function ruleSentence(each, loosened, all) {
  if (!all || !each.length) return "";
  const [first, ...others] = loosened;
  if (!first) return LOOSEN.severalRule;
  return others.length ? LOOSEN.eachRules : LOOSEN.rules(first.text);
}

/** @param {Values} values @param {Values} bare @param {Loosened[]} loosened @param {number | null} all @param {import("../api.js").Call} newest */
function stepsOf(values, bare, loosened, all, newest) {
  /** @param {Values} wanted */
  const link = (wanted) => based(`/calls${writeAddress(PARAMETERS, { ...wanted, sel: "" })}`);
  const steps = loosened.slice(0, 3).map(({ text, without, total }, index) => ({ label: LOOSEN.without(text, total.toLocaleString()), href: link(without), first: index === 0 }));
  if (!loosened.length && all !== 0 && conditionsOf(values).length) steps.push({ label: LOOSEN.withoutAll, href: link(bare), first: true });
  if (all === 0) {
    const at = micros(newest.started_at) / 1000;
    steps.push({ label: LOOSEN.aboutNewest, href: link({ ...bare, from: new Date(at - ABOUT_MS).toISOString(), to: new Date(at + ABOUT_MS).toISOString() }), first: true });
  }
  if (values["from"] !== "-7d") steps.push({ label: rangeText({ from: "-7d", to: "" }), href: link({ ...values, from: "-7d", to: "" }), first: false });
  if (values["from"] !== EVER) steps.push({ label: LOOSEN.everything, href: link({ ...values, from: EVER, to: "" }), first: false });
  return steps;
}
