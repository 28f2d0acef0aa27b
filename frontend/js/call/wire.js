/**
 * The text of a message for reading: what is on the wire, as text nodes, with the names of
 * headers and of SDP lines marked. Line ends are shown as such; other control characters, and
 * those that turn the direction of writing, are shown as their number.
 */
import { h } from "../dom.js";

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Return the text of a payload; bytes that are no UTF-8 become U+FFFD. @param {import("../api.js").Message} message */
export function payloadText({ payload, payload_base64: encoded }) {
  if (payload !== undefined && payload !== null) return payload;
  if (!encoded) return "";
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/** @param {string} payload */
export function wireText(payload) {
  const text = payload.replaceAll("\r\n", "\n").replace(UNSEEN, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
  const lines = text.split("\n");
  const blank = lines.indexOf("");
  const headers = blank < 0 ? lines.length : blank;
  const parts = lines.flatMap((line, index) => {
    const end = index + 1 < lines.length ? "\n" : "";
    if (index === 0) return [h("span", { class: "start" }, line), end];
    return index < headers ? marked(line, /^[^\s:]+\s*(?=:)/, "name", end) : marked(line, /^[a-z](?==)/, "body-name", end);
  });
  return h("pre", { class: "wire", tabindex: 0, "aria-label": "Text of the message" }, ...parts);
}

/** @param {string} line @param {RegExp} pattern @param {string} look @param {string} end */
function marked(line, pattern, look, end) {
  const name = pattern.exec(line)?.[0] ?? "";
  return [name && h("span", { class: look }, name), line.slice(name.length) + end];
}
