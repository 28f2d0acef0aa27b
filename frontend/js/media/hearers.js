/**
 * Who hears a stream: the caller or the called party, where the addresses of the signalling tell.
 * Media go to an address that a side has offered or answered, or signals from.
 */
import { MEDIA } from "../words/media.js";

/** @typedef {import("../api.js").MediaStream} MediaStream */
/** @typedef {import("../ladder/flow.js").Flow} Flow */
/** @typedef {{caller: Set<string>, callee: Set<string>}} Sides */

/**
 * Return what to call each stream, in a word: `caller` for what the caller hears; its number where
 * nothing tells, or where several would be called the same.
 * @param {MediaStream[]} streams @param {Flow} flow @returns {string[]}
 */
export function streamNames(streams, flow) {
  const sides = sidesOf(flow);
  const names = streams.map((stream) => hearerOf(stream, sides));
  const counts = new Map();
  return names.map((name, index) => {
    if (!name) return String(index + 1);
    const isAlone = names.indexOf(name) === names.lastIndexOf(name);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return isAlone ? name : `${name} ${counts.get(name)}`;
  });
}

/** @param {MediaStream} stream @param {Sides} sides */
function hearerOf({ destination }, { caller, callee }) {
  const ip = destination?.ip ?? "";
  if (caller.has(ip) === callee.has(ip)) return "";
  return caller.has(ip) ? MEDIA.caller : MEDIA.callee;
}

/** @param {Flow} flow @returns {Sides} */
function sidesOf({ arrows, hosts }) {
  const addresses = new Map(hosts.map(({ id, address }) => [id, address]));
  const invites = arrows.filter(({ method, to_tag: tag }) => method === "INVITE" && !tag);
  const [first, last] = [invites[0], invites.at(-1)];
  // The first answer that is seen is that of the called party; those nearer to the caller follow.
  const answer = arrows.find((arrow) => arrow.sdp?.role === "answer");
  /** @param {import("../ladder/flow.js").Arrow | undefined} arrow */
  const offered = (arrow) => (arrow?.sdp?.media ?? []).flatMap(({ address }) => address ?? []);
  /** @param {string | undefined} id */
  const host = (id) => addresses.get(id ?? "") ?? "";
  return { caller: new Set([host(first?.from), ...offered(first)].filter(Boolean)), callee: new Set([host(last?.to), ...offered(answer)].filter(Boolean)) };
}
