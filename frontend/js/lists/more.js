/** The foot of a list that goes on: a button, and its own states, so that the rows stay. */
import { h } from "../dom.js";
import { failureCard } from "../states.js";
import { LIST } from "../words/lists.js";
import { STATE_WORDS } from "../words/states.js";

/**
 * Return the foot.
 * @param {import("../loading.js").Loader} loader @param {string} what the things of the list
 * @param {(signal: AbortSignal) => Promise<void>} load asks for the next page and replaces the foot
 */
export function moreFoot(loader, what, load) {
  const place = h("div", { class: "more" });
  const offer = () => place.replaceChildren(h("button", { type: "button", click: more }, LIST.more(what)));
  const more = () => void loader.run({
    place, what: LIST.loadingMore, load, stopped: offer,
    failed: (error) => place.replaceChildren(failureCard(error, LIST.noMore(what), [{ label: STATE_WORDS.tryAgain, run: more, first: true }])),
  });
  offer();
  return place;
}
