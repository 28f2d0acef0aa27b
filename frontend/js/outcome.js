/** What became of a call, in a glyph, a word and a sentence; only from what the call record says. */
import { duration, micros } from "./times.js";

/** @typedef {import("./api.js").Call} Call */
/** @typedef {import("./glyphs.js").Outcome} Outcome */

/** Codes by which the called party, not the network, declines. */
const NOT_TAKEN = new Set([480, 486, 487, 600, 603]);

/** A request without a final after this time has none (timer F, RFC 3261 17.1.2.2). */
const NO_FINAL_MS = 32_000;

/** @param {Call} call @param {number} nowMs @returns {Outcome} */
export function outcomeOf(call, nowMs) {
  const { state, status } = call;
  if (state === "setup" || state === "ringing" || state === "answered") return "in-progress";
  if (state === "completed") return "answered";
  if (state === "cancelled") return "not-taken";
  if (state === "timeout" || status === 408) return "no-reply";
  if (status === null) return nowMs - micros(call.started_at) / 1000 > NO_FINAL_MS ? "no-reply" : "in-progress";
  return outcomeOfStatus(status);
}

/** What a final code says alone, null for none that ever came. @param {number | null} status @returns {Exclude<Outcome, "in-progress">} */
export function outcomeOfStatus(status) {
  if (status === null || status === 408) return "no-reply";
  if (status < 300) return "answered";
  if (NOT_TAKEN.has(status)) return "not-taken";
  return status < 500 ? "rejected" : "fault";
}

/** @param {Call} call @returns {string} the final code and phrase, or "" */
export const finalOf = (call) => (call.status === null ? "" : `${call.status} ${call.reason ?? ""}`.trim());

/** Return the headline of a call. @param {Call} call */
export function verdictOf(call) {
  const final = finalOf(call);
  switch (call.state) {
    case "setup": return "Being set up, nothing rings yet";
    case "ringing": return "Ringing, not answered yet";
    case "answered": return "Answered, no BYE seen yet";
    case "completed": return `Answered, and ended after ${duration(call.duration_s) || "a moment"}`;
    case "cancelled": return "Cancelled before it was answered";
    case "timeout": return final ? `No answer in time: ${final}` : "No final reply in time";
    case "failed": return `Not answered: ${final}`;
    default: return final ? `${call.method ?? "Request"} got ${final}` : `${call.method ?? "Request"} without a final reply`;
  }
}

/** @param {string | null} user @param {string | null} domain */
export const party = (user, domain) => user || domain || "";

/** @param {import("./api.js").Endpoint | null} endpoint */
export function addressOf(endpoint) {
  if (!endpoint?.ip) return "";
  const ip = endpoint.ip.includes(":") ? `[${endpoint.ip}]` : endpoint.ip;
  return endpoint.port ? `${ip}:${endpoint.port}` : ip;
}
