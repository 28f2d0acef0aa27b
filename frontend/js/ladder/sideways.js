/** A ladder that is wider than its screen: what is said of an arrow stays in sight with it. */
import { EDGE } from "./arrow.js";

/**
 * Move labels that begin left of an edge to it, as far as their arrows go.
 * @param {HTMLElement} list of drawn rows @param {number} edge where sight begins, in pixels of the drawing
 */
export function keepLabels(list, edge) {
  for (const label of list.querySelectorAll("g[data-begin]")) {
    const [begin, last] = [label.getAttribute("data-begin"), label.getAttribute("data-last")].map(Number);
    const by = Math.max(0, Math.min(edge + EDGE, last ?? 0) - (begin ?? 0));
    if (by) label.setAttribute("transform", `translate(${by})`);
    else label.removeAttribute("transform");
  }
}
