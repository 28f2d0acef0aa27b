/** The words of the first start, of the way of a packet, and of the overview. */
import { counted } from "./count.js";

export const FIRST_START = Object.freeze({
  label: "First start",
  nothing: "No packets yet",
  /** @param {string} clock */
  since: (clock) => `hepscope listens since ${clock} and has received nothing.`,
  unknown: "hepscope has received nothing, and no ingest has said yet where it listens.",
  point: "Point an agent at it; this page fills by itself.",
  refused: "Packets arrive, and all are refused",
  who: "Who is refused, and why",
  heads: ["From", "Refused", "What to do"],
  from: Object.freeze({ node: "node", address: "address", other: "others" }),
  host: "Address of this machine, as your agents reach it",
  usualPort: "No ingest says where it listens; 9060 is the usual port.",
  senders: "Lines to paste",
  copy: "Copy", copied: "Copied", notCopied: "Select and copy it: this browser gives no clipboard to pages without TLS",
  demo: "Or fill it with an hour of generated calls:",
  waiting: "waiting",
  /** @param {number} seconds */
  looked: (seconds) => `waiting, last look ${seconds} s ago`,
  /** @param {string} title */
  failed: (title) => `The last look failed: ${title}. Looking again by itself.`,
  noCalls: "Packets arrive, but no call yet",
  /** @param {string} name @param {string} time */
  heard: (name, time) => `The node “${name}” was last heard at ${time}. It has sent no SIP that belongs to a call.`,
  nodes: "Nodes", registrations: "Registrations",
});

export const LISTENERS = Object.freeze({
  label: "Where hepscope listens",
  names: Object.freeze(/** @type {Record<string, string>} */ ({ udp: "HEP, UDP", tcp: "HEP, TCP", tls: "HEP, TLS", http: "HEP, HTTP and WebSocket" })),
  listening: "listening",
  /** @param {string} setting */
  off: (setting) => `off: ingest.${setting} is empty`,
  unknown: "not said",
  /** @param {number} count */
  packets: (count) => counted(count, "packet"),
  none: "–",
});

/** Where each sender's lines belong; the lines themselves are its own language. */
export const SENDERS = Object.freeze({
  kamailio: "kamailio.cfg, after the modules tm and sl",
  opensips: "opensips.cfg of OpenSIPS 3; OWN_IP is its own address",
  freeswitch: "sofia.conf.xml, then in the console: sofia global capture on",
  asterisk: "hep.conf; modules.conf loads res_hep, res_hep_pjsip and res_hep_rtcp",
  rtpengine: "rtpengine.conf, section [rtpengine]: RTCP of the calls",
  heplify: "A shell beside the SIP server; hepscope-heplify takes the same words",
  capture: "A shell beside the SIP server, or at a mirror port; or with a capture file",
  sngrep: "A shell beside the SIP server",
  http: "Any script: a line of log, shown with the call of its Call-ID",
  /** @param {string} transport */
  off: (transport) => `This sender needs ${transport.toUpperCase()}, which is off: set ingest.${transport}.`,
});

export const HOPS = Object.freeze({
  label: "The way of a packet",
  names: Object.freeze(/** @type {Record<string, string>} */ ({ listener: "Listener", admission: "Admission", bus: "Bus", database: "Database", newest: "Newest row" })),
  states: Object.freeze(/** @type {Record<string, string>} */ ({ ok: "works", hint: "works", warning: "works in part", broken: "broken", unknown: "not known" })),
  whole: "Every hop works",
  waiting: "Every hop is ready; no packet has come yet",
  /** @param {string} hop */
  broken: (hop) => `Broken: ${hop}`,
  /** @param {string} hops */
  open: (hops) => `No fault seen; not known: ${hops}`,
  /** @param {string} hop */
  partly: (hop) => `Works in part: ${hop}`,
  heads: ["Hop", "State", "Seen", "What to do"],
});

export const TILES = Object.freeze({
  calls: "Calls", ser: "SER", seer: "SEER", pdd: "PDD, 95 %", mos: "MOS, mean", registered: "Registered",
  mos2: "estimated", now: "now",
  nothingBefore: "no data a week ago", same: "no change on last week", noCalls: "nothing to count", noReports: "no reports on media",
  /** @param {string} change */
  onLastWeek: (change) => `${change} on last week`,
  /** @param {number} failed @param {number} all */
  registrations: (failed, all) => `${counted(all, "attempt")}, ${failed.toLocaleString()} failed`,
  onlyNow: "told of now only", points: "points",
  /** @param {number} part @param {number} all */
  part: (part, all) => `${part.toLocaleString()} of ${all.toLocaleString()}`,
  /** @param {number} count */
  answered: (count) => `${count.toLocaleString()} answered`,
});

/** What each figure is: shown on hover, and behind the names of the table of ratios. */
export const MEANS = Object.freeze({
  calls: "Attempts that have ended or been answered, each once",
  ser: "Session establishment ratio, RFC 6076 4.6: answered / (all − redirected)",
  seer: "Session establishment effectiveness ratio, RFC 6076 4.7: answered, 480, 486, 600, 603 / (all − redirected)",
  asr: "Answer seizure ratio, ITU-T E.411: answered / all",
  ner: "Network effectiveness ratio, ITU-T E.425: answered, 480, 486, 487, 600, 603 / all",
  scr: "Session completion ratio, RFC 6076 4.9: sessions whose BYE was answered with 2xx / all",
  isa: "Ineffective session attempts, RFC 6076 4.8: 408, 500, 503, 504 / all",
  ira: "Ineffective registration attempts, RFC 6076 4.2: failed / all registrations",
  pdd: "Post-dial delay: 95 of 100 calls heard 180, 183 with SDP, or 2xx within this time",
  mos: "Mean of our estimates from the reports on media of the range",
  registered: "Addresses of record whose registration is valid now",
});

export const RATIOS = Object.freeze({
  label: "Ratios", note: "of attempts, in percent", heads: ["Ratio", "Now", "Of", "A week ago", "Over time"],
  words: Object.freeze({ ser: "answered", seer: "effective", asr: "answered", ner: "network", scr: "completed", isa: "ineffective", ira: "registrations" }),
});

export const CLUSTERS = Object.freeze({
  label: "What stands out",
  rule: "In each of these steps the share of all calls that ended so with this target is at least three times its median over the range.",
  noFinal: "without a final reply",
  /** @param {number} count @param {string} target @param {string} how @param {string} from @param {string} to */
  sentence: (count, target, how, from, to) => `${counted(count, "call")} to ${target} ended ${how} between ${from} and ${to}.`,
  /** @param {string} status */
  with: (status) => `with ${status}`,
  /** @param {number} count @param {string} target @param {string} how @param {string} from @param {string} to */
  through: (count, target, how, from, to) => `${counted(count, "call")} through ${target} ended ${how} between ${from} and ${to}.`,
  /** @param {string} how @param {string} maker */
  saidBy: (how, maker) => `${how} from ${maker}`,
  /** @param {number} count @param {string} how @param {string} from @param {string} to */
  anywhere: (count, how, from, to) => `${counted(count, "call")} ended ${how} between ${from} and ${to}.`,
  show: "Show the calls",
  /** @param {number} count */
  more: (count) => `${count} more`,
});

export const NODES = Object.freeze({
  label: "Nodes", note: "agents that send packets", heads: ["Node", "Packets/s", "Refused", "Clock", "Last packet"], none: "–", all: "All nodes",
  /** @param {number} more */
  more: (more) => `${more.toLocaleString()} more`,
  nobody: "No node has sent anything yet.", now: "now",
  /** @param {string} text */
  ago: (text) => `${text} ago`,
  /** @param {string} text */
  ahead: (text) => `ahead ${text}`,
  /** @param {string} text */
  behind: (text) => `behind ${text}`,
  clock: "Capture time against arrival here: ahead is the clock, behind may be the clock or the way",
});

export const OVERVIEW = Object.freeze({
  compared: "compared with the same hours a week ago", fitted: "everything stored of the last 24 hours", sampled: "estimated from a part of the calls",
  perOutcome: "Calls by outcome", what: "Counting", cannot: "The overview cannot be shown", again: "Try again", stopped: "Stopped",
  shorter: "A shorter time range is quicker.",
  arriving: "Calls arrive, none is counted yet",
  arrivingWhy: "A call is counted some seconds after its last message, once it is answered or has failed. This page looks again by itself.",
  seeCalls: "See the calls",
  /** @param {string} node */
  nothingOf: (node) => `No call or registration of “${node}” in this range`,
  nothing: "No call or registration in this range",
  /** @param {string} time */
  newest: (time) => `The newest call stored is of ${time}.`,
  aroundNewest: "Around the newest call",
});
