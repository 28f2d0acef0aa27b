/** The registrations of the last 24 hours, newest first. */
import { callAddress } from "../address.js";
import { glyph } from "../glyphs.js";
import { addressOf } from "../outcome.js";
import { dayAndClock, longTime } from "../times.js";
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

/** @type {Record<string, import("../glyphs.js").Outcome>} */
const LOOKS = { registered: "answered", unregistered: "not-taken", challenged: "in-progress", failed: "rejected", pending: "in-progress" };

export const registrationsScreen = listScreen(/** @type {Parameters<typeof listScreen<Registration>>[0]} */ ({
  path: "registrations", label: "Registrations", query: {},
  hrefOf: (row) => callAddress(row.call_id),
  columns: () => [
    { name: "Last", look: "started", cells: (row) => [dayAndClock(row.last_at)], title: (row) => longTime(row.last_at) },
    { name: "State", cells: (row) => [glyph(LOOKS[row.state] ?? "not-taken"), ` ${row.state}`] },
    { name: "Status", cells: (row) => [row.status ?? "none yet", ` ${row.reason ?? ""}`] },
    { name: "Address of record", cells: (row) => [`${row.aor_user ?? ""}@${row.aor_domain ?? ""}`] },
    { name: "Contact", look: "address minor", cells: (row) => [row.contact], title: (row) => row.contact ?? "" },
    { name: "Expires s", look: "number", cells: (row) => [row.expires_s] },
    { name: "Source", look: "address minor", cells: (row) => [addressOf(row.source)] },
    { name: "User agent", look: "minor", cells: (row) => [row.user_agent], title: (row) => row.user_agent ?? "" },
    { name: "Messages", look: "number minor", cells: (row) => [row.message_count] },
    { name: "Nodes", look: "minor", cells: (row) => [row.nodes.join(" › ")] },
  ],
  empty: { title: "No registration in the last 24 hours", text: ["A REGISTER that an agent sends appears here within seconds."] },
}));
