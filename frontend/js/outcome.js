/** What became of a call, in a glyph and a word; only from what the call record says. */

/** @typedef {import("./api.js").Call} Call */
/** @typedef {import("./glyphs.js").Outcome} Outcome */

/** Codes by which the called party, not the network, declines. */
const NOT_TAKEN = new Set([480, 486, 487, 600, 603]);

/** Codes that ask for credentials: no failure, unless the client gave up. */
const CHALLENGES = new Set([401, 407]);

/** @param {number | null} status */
export const isChallenge = (status) => status !== null && CHALLENGES.has(status);

/** Return how an outcome, as the API names it, is drawn. @param {string} outcome */
export const lookOf = (outcome) => /** @type {Outcome} */ (outcome.replaceAll("_", "-"));

/** @param {Call} call @returns {Outcome} */
export const outcomeOf = (call) => lookOf(call.outcome);

/** What a final code says alone, null for none that ever came. @param {number | null} status @returns {Exclude<Outcome, "in-progress" | "poor">} */
export function outcomeOfStatus(status) {
  if (status === null || status === 408) return "no-reply";
  if (status < 300) return "answered";
  if (NOT_TAKEN.has(status)) return "not-taken";
  return status < 500 ? "rejected" : "fault";
}

/** @param {Call} call @returns {string} the final code and phrase, or "" */
export const finalOf = (call) => (call.status === null ? "" : `${call.status} ${call.reason ?? ""}`.trim());

/** `4930123@pbx.example.org` @param {string | null} user @param {string | null} domain */
export const wholeParty = (user, domain) => [user, domain].filter(Boolean).join("@");

/** @param {string | null} user @param {string | null} domain */
export const party = (user, domain) => user || domain || "";

/** @param {import("./api.js").Endpoint | null} endpoint */
export function addressOf(endpoint) {
  if (!endpoint?.ip) return "";
  const ip = endpoint.ip.includes(":") ? `[${endpoint.ip}]` : endpoint.ip;
  return endpoint.port ? `${ip}:${endpoint.port}` : ip;
}

/** What it is called, else where it is. @param {import("./api.js").Endpoint | null} endpoint */
export const hostOf = (endpoint) => endpoint?.name ?? addressOf(endpoint);

/** `carrier-a (192.0.2.1:5060)` @param {import("./api.js").Endpoint | null} endpoint */
export const wholeHost = (endpoint) => (endpoint?.name ? `${endpoint.name} (${addressOf(endpoint)})` : addressOf(endpoint));
