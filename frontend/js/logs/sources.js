/** What became of the places where logs were looked for, in words; a failure is no empty list. */
import { based } from "../base.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { stateCard } from "../states.js";
import { LOGS } from "../words/logs.js";

/** @typedef {import("../api.js").LogSource} LogSource */

/** How log lines come here, to paste. */
const SENDERS = `# kamailio.cfg (siptrace)
hlog("routing to $du");
# opensips.cfg (tracer, proto_hep)
trace("tid", "d", "sip|xlog");`;

/** Say that a source failed. @param {LogSource[]} sources @param {() => void} again */
export function failureNotes(sources, again) {
  return sources.filter(({ state }) => state === "failed").map(({ detail }) => h("div", { class: "note log-failure", role: "alert" },
    glyph("fault"), h("p", {}, h("b", {}, LOGS.lokiMissing), detail),
    h("button", { type: "button", click: again }, LOGS.again)));
}

/** A few words on each source, for the bar above the lines. @param {LogSource[]} sources */
export function sourceWords(sources) {
  return sources.map(({ name, state, detail }) => {
    const place = LOGS.places[name] ?? name;
    if (state === "ok") return LOGS.asked(place, detail);
    return state === "off" ? LOGS.notAsked(place, detail) : LOGS.failedAt(place);
  }).join(" ");
}

/** @param {LogSource[]} sources */
export function noLogs(sources) {
  const isLokiOff = sources.some(({ name, state }) => name === "loki" && state === "off");
  return stateCard({
    look: "not-taken", title: LOGS.none,
    text: [
      LOGS.agents,
      isLokiOff ? LOGS.lokiOff : "",
    ],
    code: SENDERS, steps: [{ label: LOGS.api, href: based("/docs") }],
  });
}
