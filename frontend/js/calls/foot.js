/** The facts at the foot of the calls: how many, how quick, what is new, what is ticked. */
import { find, h } from "../dom.js";
import { FOOT } from "../words/calls.js";

/**
 * What there is to tell.
 * @typedef {object} Facts
 * @property {number} loaded rows
 * @property {number} total of all that match, -1 where it is not known
 * @property {boolean} isPartial there are more rows than loaded
 * @property {boolean} isEstimated the total is estimated from a sample
 * @property {boolean} isOldestFirst
 * @property {number} ms the answer took
 * @property {string} newer how many calls have come since, "" for none
 * @property {number} ticked
 */

export class Foot {
  /** @param {{load: () => void, follow: (follows: boolean) => void, merge: () => void, untick: () => void, takeaway: HTMLElement, follows: boolean}} options */
  constructor({ load, follow, merge, untick, takeaway, follows }) {
    this.count = h("span");
    this.said = h("span", { class: "out-of-sight", "aria-live": "polite" });
    this.took = h("span", { class: "foot-took" });
    this.newer = h("button", { type: "button", class: "flat foot-button newer", hidden: true, title: FOOT.loads, click: load });
    this.box = h("input", { type: "checkbox", checked: follows, change: () => follow(this.box.checked) });
    this.follow = h("label", { class: "follow", title: FOOT.followWhy }, this.box, FOOT.follow);
    this.ticked = h("span", { class: "foot-ticked", hidden: true });
    this.tickedText = h("b");
    this.merge = h("button", { type: "button", class: "flat foot-button", click: merge }, h("kbd", {}, "m"), FOOT.merge);
    this.ticked.append(this.tickedText, this.merge, h("button", { type: "button", class: "flat foot-button", click: untick }, FOOT.untick));
    this.takeaway = takeaway;
    this.place = find(".foot-facts");
    this.place.replaceChildren(this.said, this.count, this.took, this.newer, this.ticked, takeaway, this.follow);
  }

  /** @param {Facts} facts */
  show({ loaded, total, isPartial, isEstimated, isOldestFirst, ms, newer, ticked }) {
    const isWhole = !isPartial || total >= 0;
    const all = Math.max(isPartial ? total : loaded, 0);
    this.count.replaceChildren(h("b", {}, `${isPartial && isEstimated ? FOOT.about : ""}${(isWhole ? all : loaded).toLocaleString()}`),
      ` ${FOOT.calls(isWhole ? all : loaded)}`, h("span", { class: "foot-how" }, `, ${isOldestFirst ? FOOT.oldest : FOOT.newest}, ${isPartial ? isWhole ? FOOT.byScrolling(loaded.toLocaleString()) : FOOT.more : FOOT.all}`));
    this.took.textContent = `${Math.round(ms)} ms`;
    this.newer.hidden = !newer;
    this.newer.replaceChildren(newer, h("kbd", {}, "r"));
    this.ticked.hidden = !ticked;
    this.tickedText.textContent = FOOT.ticked(ticked);
    this.merge.hidden = ticked < 2;
    // With ticks nothing comes by itself.
    this.follow.hidden = isOldestFirst || ticked > 0;
    this.takeaway.hidden = !loaded;
  }

  /** Tell who listens how a search ended. @param {string} words */
  announce(words) {
    this.said.textContent = words;
  }

  /** Say something in place of the facts. @param {string} words */
  say(words) {
    this.count.textContent = words;
    for (const part of [this.took, this.newer, this.follow, this.ticked, this.takeaway]) part.hidden = true;
    this.took.hidden = false;
    this.took.textContent = "";
  }

  leave() {
    this.place.replaceChildren();
  }
}
