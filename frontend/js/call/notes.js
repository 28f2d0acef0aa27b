/** What has to be said about a call besides the call itself. */
import { callAddress } from "../address.js";
import { Problem } from "../api.js";
import { based } from "../base.js";
import { h } from "../dom.js";
import { stateCard } from "../states.js";
import { EVER, longTime } from "../times.js";
import { NOTES } from "../words/call.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../ladder/flow.js").Flow} Flow */

/** @param {string} callId @param {Call | null} call @param {Flow} flow @param {number} number the message that the link asks for */
export function callNotes(callId, call, flow, number) {
  const count = flow.arrows.length;
  return [
    ...otherRecords(callId, call),
    ...(flow.truncated ? [note(NOTES.truncated(count))] : []),
    ...(number > count ? [note(NOTES.noMessage(number, count))] : []),
  ];
}

/** Say why media that were asked for are not there. @param {import("../api.js").CallMedia | Problem} media @param {boolean} isAsked @param {() => void} again */
export function mediaNote(media, isAsked, again) {
  if (media instanceof Problem) {
    const button = h("button", { type: "button", click: again }, NOTES.again);
    return media.status === 404 && !isAsked ? [] : [h("p", { class: "note", role: "status" }, NOTES.mediaFailed(media.title, media.detail), " ", button)];
  }
  return isAsked && !media.streams.length ? [note(NOTES.noMedia)] : [];
}

/** @param {string} callId @param {Problem} problem */
export function missingCall(callId, { detail, keptSince }) {
  const everywhere = based(`/calls?${new URLSearchParams({ call_id: callId, method: "any", from: EVER })}`);
  return stateCard({
    look: "not-taken", title: NOTES.notStored, text: [detail, keptSince ? NOTES.keptSince(longTime(keptSince)) : ""], role: "alert",
    steps: [{ label: NOTES.search, href: based("/calls"), first: true }, { label: NOTES.everything, href: everywhere }],
  });
}

/** Say that the Call-ID is not unique, and lead to the others. @param {string} callId @param {Call | null} call */
function otherRecords(callId, call) {
  const others = call?.other_records ?? [];
  if (!others.length) return [];
  const links = others.flatMap(({ started_at: start }, index) => [index ? ", " : " ", h("a", { href: callAddress(callId, start) }, longTime(start))]);
  return [h("p", { class: "note" }, NOTES.others, ...links, ".")];
}

/** @param {string} words */
const note = (words) => h("p", { class: "note", role: "status" }, words);
