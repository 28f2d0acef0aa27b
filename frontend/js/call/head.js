/** The head of a call: what became of it in a sentence, the facts, and ways to take it along. */
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { outcomeOf } from "../outcome.js";
import { based } from "../base.js";
import { visibleText } from "../message/unseen.js";
import { CALL, HEAD, NOTES, VERDICT } from "../words/call.js";
import { callFacts, quietFacts } from "./facts.js";
import { neighboursOf } from "./neighbours.js";
import { popupButton } from "./popup.js";
import { callVerdict } from "./verdict.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {import("../ladder/flow.js").Flow} Flow */
/** @typedef {{share: () => void, exports: () => (import("./popup.js").Entry | string)[]}} Ways */

/**
 * Return the head; without a call record (a registration, or only stray messages are left) it
 * says what the messages say.
 * @param {string} callId @param {Call | null} call @param {Flow} flow @param {Ways} ways
 */
export function callHead(callId, call, flow, ways) {
  const title = call ? callVerdict(call, flow) : VERDICT.outside(flow.arrows[0]?.label ?? VERDICT.messages);
  const own = flow.legs.length > 1 && flow.legs.find((leg) => leg.call_id === callId)?.leg;
  return h("header", { class: "call-head" },
    h("div", { class: "call-title" },
      h("a", { class: "call-back button", href: based("/calls"), "aria-label": NOTES.search }, "‹"),
      h("h1", {}, call && glyph(outcomeOf(call)), own && h("span", { class: `leg leg-${own.toLowerCase()}`, role: "img", "aria-label": CALL.leg(own) }, own), h("span", {}, visibleText(title))),
      h("div", { class: "actions" }, ...places(callId),
        h("button", { type: "button", class: "share", click: ways.share }, HEAD.share, h("kbd", {}, "y")), popupButton(HEAD.exports, "", ways.exports))),
    h("p", { class: "call-facts" }, ...(call ? quietFacts(call, flow) : []), ...legFacts(flow)),
    h("details", { class: "call-details" }, h("summary", {}, HEAD.details), h("dl", { class: "facts" }, ...callFacts(callId, call, flow))));
}

/** Where the call stands in the search that led to it. @param {string} callId */
function places(callId) {
  const here = neighboursOf(callId);
  if (!here) return [];
  /** @param {import("./neighbours.js").Place | null} place @param {string} name @param {string} key */
  const way = (place, name, key) => (place ? h("a", { class: "button", href: place.href, "aria-label": name, title: name }, h("kbd", {}, key)) : h("button", { type: "button", disabled: true, "aria-label": name }, h("kbd", {}, key)));
  return [h("span", { class: "quiet place" }, HEAD.place(here.at, here.count)), way(here.previous, HEAD.previous, "["), way(here.next, HEAD.next, "]")];
}

/** The calls of a ladder that holds several. @param {Flow} flow */
function legFacts({ legs }) {
  if (legs.length < 2) return [];
  return [h("span", { class: "fact" }, h("span", { class: "quiet" }, `${HEAD.legs} `), ...legs.flatMap(({ leg, from_user: from, to_user: to, call_id: callId }) => [
    h("span", { class: "leg-fact", title: visibleText(callId) }, h("span", { class: `leg leg-${leg.toLowerCase()}` }, leg), ` ${visibleText(from && to ? `${from} → ${to}` : callId)} `)]))];
}
