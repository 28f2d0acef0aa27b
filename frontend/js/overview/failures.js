/** Failures by final code, the most frequent first; each leads to its calls. */
import { barPath } from "../charts/marks.js";
import { h, svg } from "../dom.js";
import { glyph } from "../glyphs.js";

/** @typedef {import("./data.js").StatusCourse} StatusCourse */

const MOST = 8;

/** What network and servers cause; busy, no answer and cancel are no fault. */
const FAILURES = new Set(["rejected", "fault", "no-reply"]);

/** Phrases of RFC 3261 21 and its extensions; those of an agent may differ. */
const PHRASES = Object.freeze(/** @type {Record<number, string>} */ ({
  300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy", 380: "Alternative Service",
  400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
  406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone", 413: "Request Entity Too Large",
  414: "Request-URI Too Long", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
  421: "Extension Required", 422: "Session Interval Too Small", 423: "Interval Too Brief", 433: "Anonymity Disallowed",
  481: "Call Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous",
  488: "Not Acceptable Here", 491: "Request Pending", 493: "Undecipherable", 500: "Server Internal Error", 501: "Not Implemented",
  502: "Bad Gateway", 503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
  580: "Precondition Failure", 604: "Does Not Exist Anywhere", 606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}));

/** @param {StatusCourse[]} statuses @param {import("./tiles.js").CallsHref} callsHref */
export function failures(statuses, callsHref) {
  const found = statuses.filter(({ outcome }) => FAILURES.has(outcome)).sort((one, other) => other.count - one.count);
  const most = found[0]?.count ?? 0;
  const rest = found.slice(MOST).reduce((sum, { count }) => sum + count, 0);
  return h("section", { class: "card", "aria-label": "Failures by cause" },
    h("header", {}, h("h2", {}, "Failures by cause"), h("span", { class: "quiet" }, "network and server only")),
    found.length ? h("ul", { class: "causes" }, ...found.slice(0, MOST).map((one) => h("li", {}, cause(one, most, callsHref))))
      : h("p", { class: "quiet" }, "No call failed by network or server."),
    rest > 0 && h("p", { class: "quiet" }, `${rest.toLocaleString()} by ${found.length - MOST} other codes`));
}

/** @param {StatusCourse} course @param {number} most @param {import("./tiles.js").CallsHref} callsHref */
function cause({ status, outcome, count }, most, callsHref) {
  const isOther = Number.isNaN(status); // beyond the statuses that the API tells apart
  const words = status === null ? "no final reply" : isOther ? "other finals" : `${status} ${PHRASES[status] ?? ""}`;
  const bar = svg("svg", { class: "cause-bar", "aria-hidden": "true", height: 12, viewBox: "0 0 100 12", preserveAspectRatio: "xMinYMid slice" });
  bar.append(barPath(outcome, `M0 0H${Math.max((count / most) * 100, 2)}V12H0z`));
  return h("a", { href: callsHref(status === null ? { state: "timeout" } : isOther ? {} : { status: String(status) }), title: words },
    glyph(outcome), h("span", { class: "cause-name" }, words), bar, h("b", {}, count.toLocaleString()));
}
