/** How an arrow looks by what it says: a name for the style sheet, and the weight of its label. Pure. */

/** @typedef {import("./flow.js").Arrow} Arrow */
/** @typedef {"begin"|"within"|"end"|"ack"|"provisional"|"success"|"redirect"|"challenge"|"failure"|"fault"|"other"} Look */

/** @type {Record<string, Look>} */
const LOOKS = { INVITE: "begin", ACK: "ack", PRACK: "ack", BYE: "end", CANCEL: "end" };

/**
 * An INVITE begins a session; one within a dialog, and every other request, changes or asks something.
 * @param {{arrow: Arrow, isMet: boolean}} row @returns {Look}
 */
export function lookOf({ arrow: { kind, method, status, to_tag: toTag }, isMet }) {
  if (kind === "request") return method === "INVITE" && toTag ? "within" : (LOOKS[method ?? ""] ?? "within");
  if (isMet) return "challenge";
  if (kind === "failure") return (status ?? 0) >= 500 ? "fault" : "failure";
  return kind === "provisional" || kind === "success" || kind === "redirect" ? kind : "other";
}

const QUIET = new Set(["ack", "provisional", "challenge", "other"]);

/** @param {Look} look @returns {import("./place.js").Font} */
export const fontOf = (look) => (QUIET.has(look) ? "plain" : "strong");
