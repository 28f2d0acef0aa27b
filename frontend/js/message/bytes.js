/** Bytes as lines of sixteen, in hexadecimal and as characters. */
import { MESSAGE } from "../words/call.js";

const ROW = 16;
const MOST = 1024;

/** `0000  01 00 60 01 …  ..`.`; what is beyond 1,024 bytes is counted. @param {Uint8Array} bytes */
export function hexLines(bytes) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, MOST); at += ROW) {
    const row = [...bytes.subarray(at, Math.min(at + ROW, MOST))];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(ROW * 3 - 1)}  ${text}`);
  }
  if (bytes.length > MOST) lines.push(MESSAGE.moreBytes(bytes.length - MOST));
  return lines;
}
