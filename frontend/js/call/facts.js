/** The facts of a call: a few in one quiet line, all of them on request. */
import { h } from "../dom.js";
import { finalOf, party, wholeHost, wholeParty } from "../outcome.js";
import { clock, duration, longTime, micros } from "../times.js";
import { visibleText } from "../message/unseen.js";
import { HEAD } from "../words/call.js";
import { releasedBy } from "./verdict.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../ladder/flow.js").Flow} Flow */

/** @param {Call} call @param {Flow} flow */
export function quietFacts(call, flow) {
  const released = releasedBy(call, flow);
  return [
    h("span", { class: "fact parties" }, visibleText(party(call.from_user, call.from_domain) || HEAD.notSaid), h("span", { class: "quiet" }, " → "), visibleText(party(call.to_user, call.to_domain) || HEAD.notSaid)),
    ...quiet(HEAD.started, longTime(call.started_at)), ...quiet(HEAD.pdd, seconds(call.pdd_ms)), ...quiet(HEAD.ring, ringText(call)),
    ...quiet(HEAD.talk, duration(call.duration_s)), ...quiet(HEAD.ended, released),
  ];
}

/** @param {string} callId @param {Call | null} call @param {Flow} flow */
export function callFacts(callId, call, flow) {
  const id = fact(HEAD.callId, h("span", { class: "code" }, visibleText(callId)));
  if (!call) return id;
  return [
    ...fact(HEAD.from, partyText(call.from_user, call.from_domain)), ...fact(HEAD.to, partyText(call.to_user, call.to_domain)),
    ...fact(HEAD.state, call.state), ...fact(HEAD.status, finalOf(call) || HEAD.noFinal),
    ...fact(HEAD.started, longTime(call.started_at)), ...fact(HEAD.ended, releasedBy(call, flow) && `${releasedBy(call, flow)}${call.ended_at ? `, ${clock(call.ended_at)}` : ""}`),
    ...fact(HEAD.count, String(call.message_count)), ...fact(HEAD.hop, `${wholeHost(call.source)} → ${wholeHost(call.destination)}`),
    ...fact(HEAD.nodes, call.nodes.join(" › ")), ...fact(HEAD.agent, call.user_agent ?? ""), ...id,
  ];
}

/** From the first sign of ringing to the answer. @param {Call} call */
function ringText({ started_at: started, answered_at: answered, pdd_ms: pdd }) {
  if (!answered || pdd === null) return "";
  return seconds((micros(answered) - micros(started)) / 1000 - pdd);
}

/** @param {number | null} ms */
const seconds = (ms) => (ms === null || ms <= 0 ? "" : `${(ms / 1000).toFixed(2)} s`);

/** @param {string | null} user @param {string | null} domain */
const partyText = (user, domain) => wholeParty(user, domain) || HEAD.notSaid;

/** @param {string} name @param {string} value */
const quiet = (name, value) => (value ? [h("span", { class: "fact" }, h("span", { class: "quiet" }, `${name} `), visibleText(value))] : []);

/** @param {string} name @param {string | HTMLElement} value */
const fact = (name, value) => (value ? [h("div", {}, h("dt", {}, name), h("dd", {}, typeof value === "string" ? visibleText(value) : value))] : []);
