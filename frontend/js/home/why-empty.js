/** Why a screen has nothing to show: nothing came yet, all of it was refused, or no call was in it. */
import { API, get } from "../api.js";
import { based } from "../base.js";
import { stateCard } from "../states.js";
import { EVER, longTime } from "../times.js";
import { FIRST_START } from "../words/home.js";
import { firstStart } from "./first-start.js";
import { loadHops } from "./hops.js";

/** @typedef {import("../lists/nodes.js").HepNode} HepNode */

/** The card that is shown, if it is; who looks again finds tab, host and focus as they were. @type {HTMLElement | null} */
let shown = null;

/**
 * Return the card that stands in for what was asked for, and whether nothing at all is stored yet;
 * `others` makes the card where there are calls, of which the newest is given. A first start that is
 * shown already comes back as the same element: leave it in its place.
 * @param {(newest: import("../api.js").Call) => HTMLElement | Promise<HTMLElement>} others @param {AbortSignal} signal
 * @returns {Promise<{card: HTMLElement, isFirstStart: boolean}>}
 */
export async function whyEmpty(others, signal) {
  const ever = new URLSearchParams({ start: EVER, limit: "1" });
  const some = new URLSearchParams({ start: EVER, limit: "100" });
  const [calls, nodes] = await Promise.all([get(`${API}/calls`, ever, signal), get(`${API}/nodes`, some, signal)]);
  const newest = calls.items[0];
  if (newest) return { card: await others(newest), isFirstStart: false };
  const [heard] = nodes.items.filter((/** @type {HepNode} */ node) => node.kind === "node" && node.packet_count);
  if (heard) return { card: noCalls(heard), isFirstStart: false };
  if (!shown?.isConnected) shown = firstStart(await loadHops(signal));
  return { card: shown, isFirstStart: true };
}

/** @param {{name: string, last_seen: string}} node */
function noCalls(node) {
  return stateCard({
    look: "in-progress", title: FIRST_START.noCalls, text: [FIRST_START.heard(node.name, longTime(node.last_seen))],
    steps: [{ label: FIRST_START.nodes, href: based("/nodes") }, { label: FIRST_START.registrations, href: based("/registrations") }],
  });
}
