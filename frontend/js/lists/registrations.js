/** Registrations, newest first, with their attempts over time above: a storm is seen at once. */
import { callAddress, writeAddress } from "../address.js";
import { API, get } from "../api.js";
import { based } from "../base.js";
import { now } from "../clock.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { hostOf, wholeHost, wholeParty } from "../outcome.js";
import { fittingRange, rangeControls, readRange } from "../range.js";
import { go } from "../router.js";
import { EVER, clock, dayAndClock, isMoment, longTime, toUtc } from "../times.js";
import { REGISTRATION_LIST } from "../words/lists.js";
import { registrationStrip } from "./registration-strip.js";
import { listScreen } from "./screen.js";

/**
 * @typedef {object} Registration
 * @property {string} call_id
 * @property {string | null} aor_user
 * @property {string | null} aor_domain
 * @property {string | null} contact
 * @property {string} state
 * @property {number | null} status
 * @property {string | null} reason
 * @property {number | null} expires_s
 * @property {string} started_at
 * @property {string} last_at
 * @property {string | null} user_agent
 * @property {import("../api.js").Endpoint | null} source
 * @property {number} message_count
 * @property {string[]} nodes
 */

/** @typedef {import("../address.js").Values} Values */

/** @type {Record<string, import("../glyphs.js").Outcome>} */
const LOOKS = { registered: "answered", unregistered: "not-taken", challenged: "in-progress", failed: "rejected", pending: "in-progress" };

/** @type {Record<string, import("../address.js").Parameter>} */
const PARAMETERS = Object.freeze({
  // Without one, the usual range that fits what is stored.
  from: { fallback: "", check: isMoment }, to: { fallback: "", check: isMoment },
  status: { fallback: "", check: (text) => /^[1-6]([0-9]{2}|\*)$/.test(text) },
});

/** The range where nothing else is asked for. */
const DAY = "-24h";
const DAY_MS = 24 * 3_600_000;

/** A range shorter than this is nothing that fits: phones go on registering. */
const LEAST_FIT_MS = 3_600_000;

const HALF_DAY_MS = 12 * 3_600_000;

/** @param {Values} values @returns {Values} */
const ranged = (values) => ({ ...values, from: values["from"] || DAY });

/** @param {Record<string, string>} query @param {AbortSignal} signal @returns {Promise<Registration | undefined>} */
async function firstOf(query, signal) {
  return (await get(`${API}/registrations`, new URLSearchParams({ ...query, limit: "1" }), signal)).items[0];
}

/** The shortest usual range that holds all of the last day. @param {Values} values @param {AbortSignal} signal @returns {Promise<Values>} */
async function fit(values, signal) {
  if (values["from"] || values["to"]) return values;
  const nowMs = now();
  const oldest = await firstOf({ start: toUtc(DAY, nowMs), order: "time" }, signal);
  if (!oldest) return values;
  const oldestMs = Math.max(Date.parse(oldest.started_at), nowMs - DAY_MS);
  return Object.freeze({ ...values, from: fittingRange(Math.min(oldestMs, nowMs - LEAST_FIT_MS), nowMs) });
}

/** Where the newest one is. @param {Values} _values @param {AbortSignal} signal */
async function elsewhere(_values, signal) {
  const newest = await firstOf({ start: EVER }, signal);
  if (!newest) return { text: [], steps: [] };
  const newestMs = Date.parse(newest.last_at);
  const [from = "", to = ""] = [newestMs - HALF_DAY_MS, newestMs + HALF_DAY_MS].map((ms) => new Date(ms).toISOString());
  return { text: [REGISTRATION_LIST.newest(longTime(newest.last_at))], steps: [{ label: REGISTRATION_LIST.aroundNewest, href: address({ from, to }) }] };
}

/** The clock, with the day where it is another than today. @param {string} time */
function shortTime(time) {
  const [text, today] = [dayAndClock(time), dayAndClock(new Date(now()).toISOString())];
  return text.slice(0, 10) === today.slice(0, 10) ? clock(time) : text;
}

/** @param {Values} values */
const address = (values) => based(`/registrations${writeAddress(PARAMETERS, values)}`);

const USUAL = new Set(["started", "last", "aor", "state", "status", "expires", "contact", "source", "user_agent", "nodes"]);

const { heads, label, empty } = REGISTRATION_LIST;

export const registrationsScreen = listScreen(/** @type {Parameters<typeof listScreen<Registration>>[0]} */ ({
  path: "registrations", label, parameters: PARAMETERS,
  query: (values) => {
    const nowMs = now();
    const { from = "", to = "", status = "" } = ranged(values);
    return new URLSearchParams({ start: toUtc(from, nowMs), ...(to && { end: toUtc(to, nowMs) }), ...(status && { status }) });
  },
  address, fit, elsewhere,
  head: (values) => {
    /** @type {HTMLFormElement} */
    const form = h("form", { class: "list-head", role: "search", "aria-label": label }, ...rangeControls(values, () => go(address({ ...values, ...readRange(new FormData(form)) }))));
    return form;
  },
  above: (values, signal) => registrationStrip(ranged(values), (status) => address({ ...values, status }), signal),
  keyOf: (row) => `${row.last_at} ${row.call_id}`, hrefOf: (row) => callAddress(row.call_id), mark: heads.state, usual: USUAL, narrow: ["aor", "last", "status", "expires"],
  markOf: (row) => [glyph(LOOKS[row.state] ?? "not-taken"), h("span", { class: "out-of-sight" }, row.state)],
  columns: () => [
    { name: "started", label: heads.started, least: 150, look: "time", cells: (row) => [shortTime(row.started_at)], title: (row) => longTime(row.started_at) },
    { name: "last", label: heads.last, least: 150, look: "time line-1-end", cells: (row) => [shortTime(row.last_at)], title: (row) => longTime(row.last_at) },
    { name: "aor", label: heads.aor, least: 200, grow: 2, look: "line-1", cells: (row) => [wholeParty(row.aor_user, row.aor_domain)], title: (row) => wholeParty(row.aor_user, row.aor_domain) },
    { name: "state", label: heads.state, least: 100, cells: (row) => [row.state] },
    { name: "status", label: heads.status, least: 170, look: "line-2", cells: (row) => [row.status ?? REGISTRATION_LIST.noStatus, ` ${row.reason ?? ""}`] },
    { name: "expires", label: heads.expires, least: 74, look: "number line-2-end", cells: (row) => [row.expires_s] },
    { name: "contact", label: heads.contact, least: 170, look: "code", cells: (row) => [row.contact], title: (row) => row.contact ?? "" },
    { name: "source", label: heads.source, least: 150, look: "code", cells: (row) => [hostOf(row.source)], title: (row) => wholeHost(row.source) },
    { name: "user_agent", label: heads.agent, least: 170, cells: (row) => [row.user_agent], title: (row) => row.user_agent ?? "" },
    { name: "messages", label: heads.messages, least: 80, look: "number", cells: (row) => [row.message_count] },
    { name: "nodes", label: heads.nodes, least: 120, cells: (row) => [row.nodes.join(", ")], title: (row) => row.nodes.join(", ") },
    { name: "call_id", label: heads.callId, least: 160, look: "code", cells: (row) => [row.call_id], title: (row) => row.call_id },
  ],
  empty,
}));
