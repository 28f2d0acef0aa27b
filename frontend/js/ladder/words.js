/** What a row says: its time in the gutter, and its name for a screen reader. */
import { clock } from "../times.js";
import { CALL } from "../words/call.js";
import { markWords, marksOf } from "./marks.js";

/** @typedef {import("./rows.js").ArrowRow} ArrowRow */
/** @typedef {import("./hosts.js").Party} Party */
/** @typedef {import("./choices.js").TimeMode} TimeMode */

/** Seconds with three decimals. @param {number} us */
export const offsetText = (us) => (us / 1_000_000).toFixed(3);

/** @param {{offsetUs: number, deltaUs: number, arrow: import("./flow.js").Arrow}} row @param {TimeMode} mode @param {boolean} narrow */
export function timeText({ offsetUs, deltaUs, arrow }, mode, narrow) {
  if (mode === "absolute") return narrow ? clock(arrow.time).slice(3) : clock(arrow.time);
  return mode === "delta" ? `${deltaUs >= 0 ? "+" : ""}${secondsText(deltaUs, narrow)}` : secondsText(offsetUs, narrow);
}

/** Seconds for the gutter; on a narrow one in milliseconds below 1 s. @param {number} us @param {boolean} narrow */
export function secondsText(us, narrow) {
  if (!narrow) return offsetText(us);
  return Math.abs(us) < 1_000_000 ? `${Math.round(us / 1000)} ms` : (us / 1_000_000).toFixed(2);
}

/** `11, 200 OK, gw1 to fs-2, 8.310 seconds, leg B, SDP answer PCMA` @param {ArrowRow} row @param {Party[]} parties @param {boolean} legs */
export function arrowName(row, parties, legs) {
  const { arrow, number } = row;
  const ends = `${parties[row.from]?.name} to ${parties[row.to]?.name}`;
  return [number, arrow.label, ends, `${offsetText(row.offsetUs)} seconds`, legs && CALL.leg(arrow.leg), ...markWords(marksOf(row), arrow)].filter(Boolean).join(", ");
}

/** `9 × 200 OK and 9 × ACK resent, 1.0 to 4.0 s apart` @param {import("./rows.js").FoldRow} row */
export function foldText({ counts, leastUs, mostUs }) {
  const kinds = counts.map(([label, count]) => `${count} × ${label}`);
  const all = kinds.length > 1 ? `${kinds.slice(0, -1).join(", ")} and ${kinds.at(-1)}` : kinds[0];
  const [least, most] = [leastUs, mostUs].map((us) => (us / 1_000_000).toFixed(1));
  return CALL.resentFold(String(all), mostUs > 0 ? (least === most ? `${most} s` : `${least} to ${most} s`) : "");
}

/** @param {import("./rows.js").CopyRow} row */
export const copyText = ({ copy, lateUs }) => CALL.sawIt(copy.node || CALL.noNode, lateUs ? `${lateUs < 0 ? "−" : "+"}${(Math.abs(lateUs) / 1000).toFixed(3)} ms` : CALL.atOnce);

