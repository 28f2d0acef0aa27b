/** What stands after the label of an arrow, in this order: what is unusual about it, then what it carries. */
import { CALL } from "../words/call.js";

/** @typedef {import("./flow.js").Arrow} Arrow */
/** @typedef {"early" | "clock" | "resend" | "transport" | "copies" | "sdp" | "reason"} MarkKind */
/** @typedef {{kind: MarkKind, text: string, short?: string}} Mark `short` is used where there is no room */

const MOST_CODECS = 4;

/** @param {Pick<import("./rows.js").ArrowRow, "arrow" | "transport" | "isClockTold">} row @returns {Mark[]} */
export function marksOf({ arrow, transport, isClockTold }) {
  /** @type {(Mark | false | "" | null)[]} */
  const marks = [
    arrow.early_ms !== null && arrow.early_ms > 0 && { kind: "early", text: `⇅ ${CALL.beforeRequest(msText(arrow.early_ms))}` },
    isClockTold && { kind: "clock", text: `≈ ${CALL.clockBy(signed(arrow.skew_ms))}` },
    arrow.resend > 0 && { kind: "resend", text: `↻ ${ordinal(arrow.resend + 1)}` },
    transport && { kind: "transport", text: transport.toUpperCase() },
    arrow.copies.length > 1 && { kind: "copies", text: `${CALL.nodesSaw(arrow.copies.length)} ▸`, short: `${arrow.copies.length} ▸` },
    arrow.sdp && { kind: "sdp", text: sdpText(arrow.sdp), short: "SDP" },
    arrow.reason_header && { kind: "reason", text: arrow.reason_header, short: causeText(arrow.reason_header) },
  ];
  return marks.filter((mark) => mark !== false && mark !== "" && mark !== null);
}

/** `Q.850 34` of `Q.850 34 no circuit`; of several each. @param {string} reason */
const causeText = (reason) => reason.split("; ").map((one) => one.split(" ", 2).join(" ")).join("; ");

/** `SDP offer OPUS PCMA sendonly` @param {import("./flow.js").Sdp} sdp */
function sdpText({ role, media }) {
  const codecs = [...new Set(media.flatMap((one) => one.codecs))];
  const directions = [...new Set(media.map(({ direction }) => direction).filter((one) => one && one !== "sendrecv"))];
  const kinds = media.some(({ kind }) => kind !== "audio") ? [...new Set(media.map(({ kind }) => kind))] : [];
  const off = media.length > 0 && media.every(({ port }) => port === 0) ? [CALL.mediaOff] : [];
  const shown = codecs.length > MOST_CODECS ? [...codecs.slice(0, MOST_CODECS), `+${codecs.length - MOST_CODECS}`] : codecs;
  return ["SDP", role, ...kinds, ...shown, ...directions, ...off].filter(Boolean).join(" ");
}

/** The marks as a screen reader says them. @param {Mark[]} marks @param {Arrow} arrow */
export function markWords(marks, arrow) {
  return marks.map(({ kind, text }) => (kind === "resend" ? CALL.sentAgain(ordinal(arrow.resend + 1))
    : kind === "copies" ? CALL.seenBy(arrow.copies.map(({ node }) => node).join(", ")) : kind === "reason" ? CALL.reason(text) : text.replace(/^\W /u, "")));
}

/** `2nd`, `3rd`, `11th` @param {number} n */
function ordinal(n) {
  const suffix = n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** @param {number} ms */
const msText = (ms) => `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;

/** @param {number} ms */
const signed = (ms) => `${ms < 0 ? "−" : "+"}${msText(Math.abs(ms))}`;
