/** What became of a call as a sentence, from what its record and its messages say; nothing is guessed. */
import { hostName, isRequest } from "../ladder/flow.js";
import { wireUs } from "../ladder/rows.js";
import { finalOf } from "../outcome.js";
import { duration } from "../times.js";
import { VERDICT } from "../words/call.js";
import { enderOf, requestOf, silentHosts, sourcesOf, tookUs } from "./outline.js";

/** @typedef {import("../api.js").Call} Call */
/** @typedef {Pick<import("../ladder/flow.js").Flow, "arrows" | "hosts">} Flow */
/** @typedef {import("../ladder/flow.js").Arrow} Arrow */

/** How a usual end is told; it needs no word. */
const USUAL_END = /^Q\.850 16\b/;

const MOST_NAMES = 2;

/** @param {Call} call @param {Flow} flow the messages of this call, perhaps with those of others */
export function callVerdict(call, flow) {
  const { arrows, names } = ownOf(call, flow);
  const final = finalOf(call);
  const method = call.method ?? "";
  const replies = call.status === null ? [] : sourcesOf(arrows, method, call.status);
  const reply = replies[0];
  const last = {
    final, from: listed([...new Set(replies.map(({ from }) => names(from)))]), after: reply ? tookText(tookUs(arrows, reply)) : "", cause: causeOf(reply),
    silent: listed(silentHosts(arrows, method).map(names)),
  };
  const poor = call.outcome === "poor" && call.worst_mos !== null ? VERDICT.poor(call.worst_mos.toFixed(1)) : "";
  switch (call.state) {
    case "setup": return VERDICT.setup(last.silent);
    case "ringing": return VERDICT.ringing(names(arrows.findLast(({ status }) => status !== null && status > 100 && status < 200)?.from));
    case "answered": return VERDICT.talking(last.from) + poor;
    case "completed": return VERDICT.answered(last.from, sideText(enderOf(arrows, "BYE"), names), duration(call.duration_s), causeOf(requestOf(arrows, "BYE"))) + poor;
    case "cancelled": {
      const cancel = requestOf(arrows, "CANCEL");
      const begin = requestOf(arrows, "INVITE");
      return VERDICT.cancelled(sideText(enderOf(arrows, "CANCEL"), names), cancel && begin ? tookText(wireUs(cancel) - wireUs(begin)) : "", causeOf(cancel));
    }
    case "timeout": return VERDICT.timeout(last);
    case "failed": return VERDICT.failed(last);
    default:
      if (call.answered_at) {
        const bye = requestOf(arrows, "BYE");
        return VERDICT.answered("", names(bye?.from), duration(call.duration_s), causeOf(bye)) + VERDICT.midst + poor;
      }
      return method ? outsideText(method, arrows, last) : VERDICT.fragment(arrows[0]?.label ?? "");
  }
}

/** @param {string} method @param {Arrow[]} arrows @param {import("../words/call.js").Last} last */
function outsideText(method, arrows, last) {
  const sent = arrows.filter((arrow) => isRequest(arrow) && arrow.method === method);
  const first = sent[0];
  const transactions = new Set(sent.map(({ cseq }) => cseq)).size;
  if (last.final) return VERDICT.other(method, last, transactions);
  const sends = sent.filter(({ from, to }) => from === first?.from && to === first.to);
  const end = sends.at(-1);
  return VERDICT.unheard(method, last.silent, sends.length, first && end ? tookText(wireUs(end) - wireUs(first)) : "");
}

/** Who ended a call, in words. @param {Call} call @param {Flow} flow */
export function releasedBy(call, flow) {
  const { arrows, names } = ownOf(call, flow);
  return sideText(enderOf(arrows, "BYE"), names);
}

/** @param {Call} call @param {Flow} flow */
function ownOf(call, flow) {
  const known = new Map(flow.hosts.map((host) => [host.id, hostName(host)]));
  return { arrows: flow.arrows.filter((arrow) => arrow.call_id === call.call_id), names: (/** @type {string | undefined} */ id) => known.get(id ?? "") ?? "" };
}

/** @param {import("./outline.js").Side} side @param {(id: string) => string} names */
const sideText = (side, names) => (side === "caller" ? VERDICT.caller : side === "callee" ? VERDICT.callee : names(side));

/** @param {Arrow | undefined} arrow */
const causeOf = (arrow) => (!arrow?.reason_header || USUAL_END.test(arrow.reason_header) ? "" : arrow.reason_header);

/** @param {string[]} names */
const listed = (names) => (names.length > MOST_NAMES ? VERDICT.hosts(names.length) : names.join(VERDICT.and));

/** @param {number} us */
function tookText(us) {
  if (us <= 0) return "";
  return us < 100_000 ? `${Math.max(Math.round(us / 1000), 1)} ms` : duration(us / 1_000_000);
}
