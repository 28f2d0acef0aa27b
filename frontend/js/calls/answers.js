/** Answers of the API to questions that are asked again: by going back, or by typing to and fro. */
import { get } from "../api.js";

/** As many as somebody may go to and fro between. */
const MOST_KEPT = 80;

/** @type {Map<string, unknown>} */
const known = new Map();

/**
 * Return what the API answered to this question, or ask it. Questions hold fixed times, so that an
 * answer of before is that of another question.
 * @param {string} path @param {URLSearchParams} query @param {AbortSignal} signal @returns {Promise<any>}
 */
export async function answered(path, query, signal) {
  const question = `${path}?${query}`;
  const before = known.get(question);
  if (before !== undefined) return before;
  const answer = await get(path, query, signal);
  known.set(question, answer);
  const [oldest] = known.keys();
  if (known.size > MOST_KEPT && oldest !== undefined) known.delete(oldest);
  return answer;
}
