/**
 * Demands for credentials that were met (RFC 3261 22.2, 22.3): whoever was asked sends its request
 * again with the same Call-ID, From tag and method and a greater CSeq. Such a 401 or 407 is a step
 * on the way; one that nobody came back to is a failure. Pure.
 */
import { isChallenge } from "../outcome.js";
import { isRequest } from "./flow.js";

/** @typedef {import("./flow.js").Arrow} Arrow */

/** @param {Arrow[]} arrows all of a flow, in the order of events @returns {ReadonlySet<Arrow>} the replies that were met, at every hop */
export function metChallenges(arrows) {
  /** The greatest CSeq that is still to come, by what is sent. @type {Map<string, number>} */
  const later = new Map();
  const met = new Set();
  for (const arrow of arrows.toReversed()) {
    const [number = "", method = ""] = (arrow.cseq ?? "").split(" ");
    const key = JSON.stringify([arrow.call_id, arrow.from_tag, method]);
    if (isRequest(arrow)) later.set(key, Math.max(Number(number), later.get(key) ?? 0));
    else if (isChallenge(arrow.status) && (later.get(key) ?? 0) > Number(number)) met.add(arrow);
  }
  return met;
}
