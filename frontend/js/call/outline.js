/** What the messages of one call say of its course: who ended it, whose reply was the last word, who kept silent. Pure. */
import { isRequest } from "../ladder/flow.js";
import { wireUs } from "../ladder/rows.js";

/** @typedef {import("../ladder/flow.js").Arrow} Arrow */
/** @typedef {"caller" | "callee" | string} Side a side of the call, or the id of a host between */

/** @param {Arrow[]} arrows @param {string} method */
export const requestOf = (arrows, method) => arrows.find((arrow) => isRequest(arrow) && arrow.method === method);

/** Who sent the first request of a method that ends a call: the side of the first INVITE, the other side, or a host between. @param {Arrow[]} arrows @param {"BYE" | "CANCEL"} method @returns {Side} "" where it cannot be told */
export function enderOf(arrows, method) {
  const end = requestOf(arrows, method);
  const invite = requestOf(arrows, "INVITE");
  if (!end || !invite) return "";
  if (end.from === invite.from) return "caller";
  const lastInvite = arrows.findLast((arrow) => isRequest(arrow) && arrow.method === "INVITE" && !arrow.to_tag);
  return end.from === (lastInvite ?? invite).to ? "callee" : end.from;
}

/**
 * The replies of a status to a method that nobody passed on, in order. A proxy that repeats what it
 * got leaves the To tag as it is (RFC 3261 16.7), whatever address it sends from. What the called
 * party's own INVITE got within the call is none of them.
 * @param {Arrow[]} arrows @param {string} method @param {number} status
 */
export function sourcesOf(arrows, method, status) {
  /** @type {Map<string, Arrow>} */
  const found = new Map();
  const first = requestOf(arrows, method);
  for (const arrow of arrows) {
    if (isRequest(arrow) || arrow.status !== status || methodOf(arrow) !== method) continue;
    if (method === "INVITE" && first && first.from_tag !== arrow.from_tag) continue;
    const key = arrow.to_tag ?? "";
    if (!found.has(key)) found.set(key, arrow);
  }
  return [...found.values()];
}

/** Hosts that got a request of a method and never said anything, by id. @param {Arrow[]} arrows @param {string} method */
export function silentHosts(arrows, method) {
  const heard = new Set(arrows.map(({ from }) => from));
  return [...new Set(arrows.filter((arrow) => isRequest(arrow) && arrow.method === method).map(({ to }) => to))].filter((id) => !heard.has(id));
}

/** How long after the request that it answers a reply came, in microseconds; of several sends after the first. @param {Arrow[]} arrows @param {Arrow} reply */
export function tookUs(arrows, reply) {
  const request = arrows.find((arrow) => isRequest(arrow) && arrow.cseq === reply.cseq && methodOf(arrow) === methodOf(reply));
  return request ? wireUs(reply) - wireUs(request) : 0;
}

/** The method that a message is of, by its CSeq. @param {Arrow} arrow */
const methodOf = ({ cseq }) => cseq?.split(" ").at(-1) ?? "";
