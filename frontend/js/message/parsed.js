/** A message taken apart: its headers as a table, compact names written out, and the media of its SDP. */
import { h } from "../dom.js";
import { MESSAGE } from "../words/call.js";
import { sdpRows } from "./sdp.js";
import { niceName, readSip } from "./sip.js";
import { valuePieces } from "./tokens.js";
import { visibleText } from "./unseen.js";

const MOST_HEADERS = 300;

/** @param {string} payload */
export function parsedView(payload) {
  const { start, headers, parts } = readSip(payload);
  const rows = headers.slice(0, MOST_HEADERS).map(({ name, value }) => h("tr", {},
    h("th", { scope: "row" }, visibleText(niceName(name)), niceName(name) !== name && h("span", { class: "quiet" }, ` ${name}`)),
    h("td", {}, ...valuePieces(visibleText(value)).map(([kind, text]) => (kind ? h("span", { class: `w-${kind}` }, text) : text)))));
  const bodies = parts.map(({ type, text }) => h("tr", {}, h("th", { scope: "row" }, MESSAGE.body), h("td", {}, `${visibleText(type)} · ${MESSAGE.bytes(new TextEncoder().encode(text).length)}`)));
  return h("div", { class: "parsed", tabindex: 0, role: "region", "aria-label": MESSAGE.tabs.parsed }, h("table", {},
    h("tbody", {}, h("tr", {}, h("th", { scope: "row" }, MESSAGE.startLine), h("td", {}, visibleText(start))), ...rows, ...bodies)));
}

/** @param {string} payload */
export function sdpView(payload) {
  const sdps = readSip(payload).parts.filter(({ type }) => type === "application/sdp");
  const rows = sdps.flatMap(({ text }) => sdpRows(text));
  if (!rows.length) return h("p", { class: "parsed quiet" }, MESSAGE.noSdp);
  const cards = rows.map(({ kind, address, port, protocol, codecs, direction }) => h("table", {}, h("tbody", {},
    ...[[MESSAGE.media, kind], [MESSAGE.address, address], [MESSAGE.port, port], [MESSAGE.protocol, protocol], [MESSAGE.codecs, codecs.join(", ")], [MESSAGE.direction, direction]]
      .map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, visibleText(String(value))))))));
  return h("div", { class: "parsed", tabindex: 0, role: "region", "aria-label": MESSAGE.tabs.sdp }, ...cards);
}

/** Whether a message has an SDP. @param {string} payload */
export const hasSdp = (payload) => readSip(payload).parts.some(({ type }) => type === "application/sdp");
