/** Failures by final code, the most frequent first; each leads to its calls. */
import { barPath } from "../charts/marks.js";
import { h, svg } from "../dom.js";
import { glyph } from "../glyphs.js";
import { FAILURE_WORDS as WORDS } from "../words/overview.js";
import { phraseOf } from "../words/phrases.js";

/** @typedef {import("./data.js").StatusCourse} StatusCourse */

const MOST = 8;

/** What network and servers cause; busy, no answer and cancel are no fault. */
const FAILURES = new Set(["rejected", "fault", "no-reply"]);

/** @param {StatusCourse[]} statuses @param {import("./tiles.js").CallsHref} callsHref */
export function failures(statuses, callsHref) {
  const found = statuses.filter(({ outcome }) => FAILURES.has(outcome)).sort((one, other) => other.count - one.count);
  const most = found[0]?.count ?? 0;
  const rest = found.slice(MOST).reduce((sum, { count }) => sum + count, 0);
  return h("section", { class: "card span-2", "aria-label": WORDS.label },
    h("header", {}, h("h2", {}, WORDS.label), h("span", { class: "quiet" }, WORDS.note)),
    found.length ? h("ul", { class: "causes" }, ...found.slice(0, MOST).map((one) => h("li", {}, cause(one, most, callsHref))))
      : h("p", { class: "quiet" }, WORDS.none),
    rest > 0 && h("p", { class: "quiet" }, WORDS.rest(rest, found.length - MOST)));
}

/** @param {StatusCourse} course @param {number} most @param {import("./tiles.js").CallsHref} callsHref */
function cause({ status, outcome, count }, most, callsHref) {
  const isOther = Number.isNaN(status); // beyond the statuses that the API tells apart
  const words = status === null ? WORDS.noFinal : isOther ? WORDS.other : `${status} ${phraseOf(status)}`;
  const bar = svg("svg", { class: "cause-bar", "aria-hidden": "true", height: 12, viewBox: "0 0 100 12", preserveAspectRatio: "xMinYMid slice" });
  bar.append(barPath(outcome, `M0 0H${Math.max((count / most) * 100, 2)}V12H0z`));
  return h("a", { href: callsHref(status === null ? { outcome: "no_reply" } : isOther ? {} : { status: String(status) }), title: words },
    glyph(outcome), h("span", { class: "cause-name" }, words), bar, h("b", {}, count.toLocaleString()));
}
