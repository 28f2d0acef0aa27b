/** Where ingest listens, transport by transport, and how many packets came there. */
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { LISTENERS } from "../words/home.js";
import { TRANSPORTS, addressText } from "./place.js";

/** @typedef {import("./hops.js").Listener} Listener */

/** @param {Listener[] | null} listeners null where no ingest says */
export function listenerTable(listeners) {
  const rows = TRANSPORTS.flatMap((transport) => {
    const ours = listeners?.filter((one) => one.transport === transport) ?? [];
    return ours.length ? ours.map((one) => openRow(transport, one)) : [closedRow(transport, listeners !== null)];
  });
  return h("table", { class: "listeners", "aria-label": LISTENERS.label }, h("tbody", {}, ...rows));
}

/** @param {string} transport @param {Listener} listener */
const openRow = (transport, listener) => h("tr", {},
  h("th", { scope: "row" }, LISTENERS.names[transport]), h("td", { class: "code" }, addressText(listener)),
  h("td", { class: "on" }, glyph("answered"), ` ${LISTENERS.listening}`), h("td", { class: "number" }, LISTENERS.packets(listener.received)));

/** @param {string} transport @param {boolean} isSaid */
const closedRow = (transport, isSaid) => h("tr", {},
  h("th", { scope: "row" }, LISTENERS.names[transport]), h("td", { class: "code" }, LISTENERS.none),
  h("td", {}, glyph("not-taken"), ` ${isSaid ? LISTENERS.off(transport) : LISTENERS.unknown}`), h("td", { class: "number" }, LISTENERS.none));
