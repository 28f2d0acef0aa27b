/** The way of a packet, hop by hop: asked of the API, and shown as a strip that opens to a table. */
import { API, get } from "../api.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { HOPS } from "../words/home.js";

/** @typedef {"listener" | "admission" | "bus" | "database" | "newest"} HopName */
/** @typedef {{hop: HopName, state: "ok" | "hint" | "warning" | "broken" | "unknown", detail: string, do: string}} Hop */
/** @typedef {{transport: string, host: string, port: number, received: number}} Listener */
/** @typedef {{instance: string, is_living: boolean, started_at: string, report_age_s: number, listeners: Listener[] | null}} Ingest */
/** @typedef {{kind: "node" | "address" | "other", name: string, hops: Hop[]}} NodeHops */
/** @typedef {{items: Hop[], nodes: NodeHops[], broken: HopName | null, ingests: Ingest[], is_here: boolean}} Hops */

/** @type {Record<Hop["state"], import("../glyphs.js").Outcome>} */
export const HOP_LOOKS = { ok: "answered", hint: "answered", warning: "poor", broken: "fault", unknown: "not-taken" };

/** @param {AbortSignal} signal @returns {Promise<Hops>} */
export const loadHops = (signal) => get(`${API}/stats/hops`, new URLSearchParams(), signal);

/** Return a hop by its name. @param {Hop[]} hops @param {HopName} name */
export const hopOf = (hops, name) => hops.find(({ hop }) => hop === name);

/** The worst that is said of hops, in a sentence. @param {Hop[]} hops */
export function hopsSentence(hops) {
  const names = (/** @type {Hop["state"]} */ state) => hops.filter((one) => one.state === state).map(({ hop }) => HOPS.names[hop] ?? hop);
  const [broken, partly, open] = [names("broken"), names("warning"), names("unknown")];
  if (broken[0]) return HOPS.broken(broken[0].toLowerCase());
  if (partly.length) return HOPS.partly(partly.join(", ").toLowerCase());
  if (isWaiting(hops)) return HOPS.waiting;
  return open.length ? HOPS.open(open.join(", ").toLowerCase()) : HOPS.whole;
}

/** Whether all is there and only a packet is missing. @param {Hop[]} hops */
const isWaiting = (hops) => hops.length > 0 && hops.every(({ hop, state }) => (state === "unknown") === (hop === "admission" || hop === "newest"));

/** The look of the worst hop. @param {Hop[]} hops */
export function hopsLook(hops) {
  if (isWaiting(hops)) return "in-progress";
  const worst = /** @type {const} */ (["broken", "warning", "unknown"]).find((state) => hops.some((hop) => hop.state === state));
  return HOP_LOOKS[worst ?? "ok"];
}

/** Return the strip. @param {Hop[]} hops @param {boolean} [isOpen] */
export function hopStrip(hops, isOpen = false) {
  const first = hops.find(({ state }) => state === "broken");
  return h("details", { class: "hops", "aria-label": HOPS.label, open: isOpen },
    h("summary", {}, glyph(hopsLook(hops)), h("b", {}, hopsSentence(hops)), first && h("span", { class: "hop-seen" }, [first.detail, first.do].filter(Boolean).join(". ")),
      h("span", { class: "hop-dots", "aria-hidden": "true" }, ...hops.map(hopMark))),
    h("div", { class: "hop-box" }, hopTable(hops)));
}

/** @param {Hop} hop */
const hopMark = ({ hop, state }) => h("span", { class: "hop-dot" }, glyph(HOP_LOOKS[state]), HOPS.names[hop] ?? hop);

/** @param {Hop[]} hops */
function hopTable(hops) {
  return h("table", { class: "hop-table" },
    h("thead", {}, h("tr", {}, ...HOPS.heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...hops.map(({ hop, state, detail, do: todo }) => h("tr", {},
      h("th", { scope: "row" }, HOPS.names[hop] ?? hop), h("td", {}, glyph(HOP_LOOKS[state]), ` ${HOPS.states[state] ?? state}`), h("td", {}, detail), h("td", {}, todo)))));
}
