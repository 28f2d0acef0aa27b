/** The head of a call: what became of it in a sentence, the facts, and ways to take it along. */
import { callPath } from "../api.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { addressOf, finalOf, outcomeOf, party, verdictOf } from "../outcome.js";
import { duration, longTime } from "../times.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../api.js").Flow} Flow */

const FORMATS = Object.freeze({ pcap: "PCAP", text: "Text", json: "JSON" });

/**
 * Return the head; without a call record (a registration, or only stray messages are left) it
 * says what the messages say.
 * @param {string} callId @param {Call | null} call @param {Flow} flow @param {string} at
 */
export function callHead(callId, call, flow, at) {
  const title = call ? verdictOf(call) : `${flow.arrows[0]?.label ?? "Messages"}, outside a call`;
  return h("header", { class: "call-head" },
    h("div", { class: "call-title" }, h("h1", {}, call && glyph(outcomeOf(call, Date.now())), h("span", {}, title)), exports(callId, at)),
    h("dl", { class: "facts" }, ...(call ? callFacts(call, flow) : []), ...fact("Call-ID", h("span", { class: "code" }, callId))));
}

/** @param {Call} call @param {Flow} flow */
function callFacts(call, flow) {
  const names = new Map(flow.hosts.map((host) => [host.id, host.label]));
  const bye = flow.arrows.find((arrow) => arrow.label === "BYE");
  return [
    ...fact("From", partyText(call.from_user, call.from_domain)),
    ...fact("To", partyText(call.to_user, call.to_domain)),
    ...fact("State", call.state),
    ...fact("Status", finalOf(call) || "no final reply seen"),
    ...fact("Started", longTime(call.started_at)),
    ...fact("PDD", call.pdd_ms === null ? "" : `${(call.pdd_ms / 1000).toFixed(2)} s`),
    ...fact("Talk", duration(call.duration_s)),
    ...fact("Ended by", bye ? `BYE from ${names.get(bye.from)}` : ""),
    ...fact("Messages", String(call.message_count)),
    ...fact("First hop", `${addressOf(call.source)} → ${addressOf(call.destination)}`),
    ...fact("Nodes", call.nodes.join(" › ")),
    ...fact("User agent", call.user_agent ?? ""),
  ];
}

/** @param {string} callId @param {string} at */
function exports(callId, at) {
  const links = Object.entries(FORMATS).map(([format, label]) => {
    const query = new URLSearchParams({ format, ...(at && { at }) });
    return h("a", { class: "button", href: `${callPath(callId)}/export?${query}`, download: true, "aria-label": `Export as ${label}` }, label);
  });
  return h("div", { class: "actions", role: "group", "aria-label": "Export" }, h("span", { class: "quiet" }, "Export"), ...links);
}

/** @param {string | null} user @param {string | null} domain */
const partyText = (user, domain) => (user && domain ? `${user}@${domain}` : party(user, domain) || "not said");

/** @param {string} name @param {string | HTMLElement} value */
const fact = (name, value) => (value ? [h("div", {}, h("dt", {}, name), h("dd", {}, value))] : []);
