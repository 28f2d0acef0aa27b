/**
 * The text of a message for reading: what is on the wire, as text nodes, a block for each line so
 * that long values fold softly, with what matters marked. Binary bodies are shown as bytes.
 */
import { h } from "../dom.js";
import { MESSAGE } from "../words/call.js";
import { hexLines } from "./bytes.js";
import { isBinary, readSip } from "./sip.js";
import { payloadLatin, payloadText } from "./store.js";
import { headerPieces, sdpPieces, startPieces } from "./tokens.js";
import { visibleText } from "./unseen.js";

/** @typedef {import("./tokens.js").Piece} Piece */

/** So much is marked; what follows is plain text, which costs a browser nothing. */
const MARKED_CHARACTERS = 48_000;
const MARKED_LINES = 2000;

const SEEN = /\\x[0-9a-f]{2,4}/g;

/** @param {import("../api.js").Message} message @param {boolean} isSip */
export function wireText(message, isSip) {
  const payload = isSip ? payloadText(message) : readable(payloadText(message));
  const latin = payloadLatin(message);
  const sip = readSip(latin ?? payload);
  const text = visibleText(payload);
  const marked = firstOf(text);
  const lines = marked.split("\n");
  const binary = sip.parts.find(isBinary);
  const end = binary ? Math.min(binary.line, lines.length) : lines.length;
  const lastLine = lines.findLastIndex((line) => line !== "");
  const nodes = [];
  for (let at = 0; at < end; at += 1) {
    const line = lines[at] ?? "";
    if (line === "" && at >= lastLine) break;
    nodes.push(lineOf(isSip ? piecesOf(line, at, sip.bodyLine) : [["", line]]), "\n");
  }
  if (binary) nodes.push(...bytesOf(binary.type, latin === null ? new TextEncoder().encode(binary.text) : Uint8Array.from(binary.text, (one) => one.charCodeAt(0))));
  const rest = text.slice(marked.length);
  return h("pre", { class: "wire", tabindex: 0, "aria-label": MESSAGE.text }, ...nodes, rest && h("span", { class: "wire-line plain" }, rest));
}

/** As much of a text as is marked, whole lines where there are any. @param {string} text */
function firstOf(text) {
  const most = text.length > MARKED_CHARACTERS ? text.slice(0, text.lastIndexOf("\n", MARKED_CHARACTERS) + 1 || MARKED_CHARACTERS) : text;
  const lines = most.split("\n", MARKED_LINES + 1);
  return lines.length > MARKED_LINES ? `${lines.slice(0, MARKED_LINES).join("\n")}\n` : most;
}

/** JSON, as reports on media are, with a line for each value; other text as it is. @param {string} text */
function readable(text) {
  if (!text.startsWith("{")) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** @param {string} line @param {number} at @param {number} bodyLine @returns {Piece[]} */
function piecesOf(line, at, bodyLine) {
  if (at === 0) return startPieces(line);
  if (at < bodyLine) return headerPieces(line);
  return /^[a-z]=/.test(line) ? sdpPieces(line) : [["", line]];
}

/** @param {Piece[]} pieces */
function lineOf(pieces) {
  if (pieces.every(([, text]) => !text)) return h("span", { class: "wire-line" }, h("br"));
  return h("span", { class: "wire-line" }, ...pieces.flatMap(([kind, text]) => (kind ? [h("span", { class: `w-${kind}` }, ...unseen(text))] : unseen(text))));
}

/** Text with the numbers of unseen characters set apart from the same written by the sender. @param {string} text */
function unseen(text) {
  if (!text.includes("\\x")) return [text];
  const parts = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(SEEN)) {
    parts.push(text.slice(at, index), h("span", { class: "unseen" }, found));
    at = index + found.length;
  }
  return [...parts, text.slice(at)];
}

/** @param {string} type @param {Uint8Array} bytes */
function bytesOf(type, bytes) {
  return [h("span", { class: "wire-line quiet" }, MESSAGE.binary(type || MESSAGE.body, bytes.length)), "\n",
    ...hexLines(bytes).flatMap((line) => [h("span", { class: "wire-line plain" }, line), "\n"])];
}
