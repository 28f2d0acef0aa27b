/** What has to be said about a call besides the call itself. */
import { callAddress } from "../address.js";
import { Problem } from "../api.js";
import { h } from "../dom.js";
import { stateCard } from "../states.js";
import { longTime } from "../times.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../api.js").Flow} Flow */

/** @param {string} callId @param {Call | null} call @param {Flow} flow @param {number} number the message that the link asks for */
export function callNotes(callId, call, flow, number) {
  const count = flow.arrows.length;
  return [
    ...otherRecords(callId, call),
    ...(flow.truncated ? [note(`Only the first ${count.toLocaleString()} messages are drawn. The exports hold all.`)] : []),
    ...(number > count ? [note(`There is no message ${number}; the call has ${count}.`)] : []),
  ];
}

/** Say why media that were asked for are not there. @param {import("../api.js").CallMedia | Problem} media @param {boolean} isAsked */
export function mediaNote(media, isAsked) {
  if (media instanceof Problem) return media.status === 404 && !isAsked ? [] : [note(`The media of this call cannot be shown: ${media.title}. ${media.detail}`)];
  return isAsked && !media.streams.length ? [note("No report on the media of this call has come.")] : [];
}

/** @param {string} callId @param {string} detail */
export function missingCall(callId, detail) {
  const everywhere = `/calls?${new URLSearchParams({ call_id: callId, method: "any", from: "1970-01-01T00:00:00Z" })}`;
  return stateCard({
    look: "not-taken", title: "This call is not stored", text: [detail], role: "alert",
    steps: [{ label: "Search calls", href: "/calls", first: true }, { label: "Search everything for this Call-ID", href: everywhere }],
  });
}

/** Say that the Call-ID is not unique, and lead to the others. @param {string} callId @param {Call | null} call */
function otherRecords(callId, call) {
  const others = call?.other_records ?? [];
  if (!others.length) return [];
  const links = others.flatMap(({ started_at: start }, index) => [index ? ", " : " ", h("a", { href: callAddress(callId, start) }, longTime(start))]);
  return [h("p", { class: "note" }, "This Call-ID was used by other calls too:", ...links, ".")];
}

/** @param {string} words */
const note = (words) => h("p", { class: "note", role: "status" }, words);
