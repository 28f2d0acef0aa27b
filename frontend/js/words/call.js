/** What the screen of a call says. */

import { counted } from "./count.js";

export const CALL = Object.freeze({
  ladder: "Ladder", messages: "Messages", hosts: "Hosts", media: "RTP", node: "node", noNode: "a node without a name",
  noName: "no name", unknownHost: "Unknown host", marked: "marked to compare", show: "Show", hide: "Hide", mediaOff: "off", atOnce: "at the same time",
  nothingLeft: "Nothing is left to draw: the choices above hide every message.",
  timeNames: Object.freeze({ offset: "Offset", absolute: "Time", delta: "Delta" }),
  timeTitles: Object.freeze({
    offset: "Seconds since the first message; press for the time of day",
    absolute: "The time of day; press for the time since the message before",
    delta: "Seconds since the message before; press for seconds since the first",
  }),
  timeChoices: Object.freeze({ offset: "Offset, since the first message", absolute: "Time of day", delta: "Delta, since the message before" }),
  groupChoices: Object.freeze({ host: "As they talk", address: "By address, ports joined", node: "By capture node" }),
  /** @param {string} leg */ leg: (leg) => `leg ${leg}`,
  /** @param {string} ms */ beforeRequest: (ms) => `${ms} before request`,
  /** @param {string} ms */ clockBy: (ms) => `clock ${ms}`,
  /** @param {number} count */ nodesSaw: (count) => `${count} nodes`,
  /** @param {string} nodes */ seenBy: (nodes) => `seen by ${nodes}`,
  /** @param {string} n */ sentAgain: (n) => `sent again, ${n} time`,
  /** @param {string} text */ reason: (text) => `Reason ${text}`,
  /** @param {string} node @param {string} late */ sawIt: (node, late) => `${node} saw it ${late}`,
  /** @param {string} text @param {string} apart */ resentFold: (text, apart) => `${text} resent${apart && `, ${apart} apart`}`,
  /** @param {string} text @param {number} first @param {number} last */ foldName: (text, first, last) => `${text}, messages ${first} to ${last}`,
  /** @param {number} seconds */ silence: (seconds) => (seconds < 60 ? `+${seconds.toFixed(1)} s` : `+${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")} min`),
  /** @param {number} seconds */ reportedFor: (seconds) => `reported for ${seconds.toFixed(1)} s`,
  /** @param {string} text */ loss: (text) => `loss ${text}`,
  /** @param {string} text */ jitter: (text) => `jitter ${text}`,
  /** @param {string} text */ roundTrip: (text) => `round trip ${text}`,
  /** @param {string} address */ via: (address) => `via ${address}`,
  report: "RTCP", leftward: "←", rightward: "→",
  /** @param {string} nodes */ capturedAt: (nodes) => `captured at ${nodes}`,
  /** @param {string} nodes */ at: (nodes) => `at ${nodes}`,
  /** @param {string} name @param {string} second @param {number} at @param {number} count */ hostName: (name, second, at, count) => `${name}, ${second}, host ${at} of ${count}`,
});

/** The menu of a host, and what stands above the ladder. */
export const BAR = Object.freeze({
  hosts: "Hosts", group: "Columns", names: "Names", time: "Times", legs: "Legs", more: "View", hidden: "Hidden hosts",
  byName: "Name", byAddress: "Address", hide100: "Hide 100 and resends", onlySdp: "Only SDP", others: "Hide RTCP, logs and DNS", reports: "Show RTCP reports",
  moveLeft: "Move left", moveRight: "Move right", hideHost: "Hide this host", split: "Split its ports", join: "Join its ports", copyAddress: "Copy address",
  usualOrder: "Order of appearance",
  /** @param {string} name */ showHost: (name) => `Show ${name}`,
  /** @param {number} count */ hiddenCount: (count) => `${counted(count, "message")} hidden`,
  showAll: "Show all",
});

export const HEAD = Object.freeze({
  exports: "Export", share: "Share", previous: "Previous call of the search", next: "Next call of the search",
  wholeCall: "Whole call", thisLadder: "This ladder as drawn",
  formats: Object.freeze({ pcap: "PCAP", text: "Text", json: "JSON" }),
  formatNotes: Object.freeze({ pcap: "Wireshark, sngrep", text: "messages with times", json: "as stored" }),
  svg: "SVG", png: "PNG", darkSvg: "Dark SVG", darkPng: "Dark PNG", svgNote: "drawing, any size", pngNote: "picture",
  drawing: "Drawing the picture",
  /** @param {string} name */ exportAs: (name) => `Export as ${name}`,
  /** @param {number} at @param {number} count */ place: (at, count) => `${at.toLocaleString("en")} of ${count.toLocaleString("en")}`,
  /** @param {number} rows @param {number} all */ drawn: (rows, all) => (rows === all ? counted(all, "message") : `${rows.toLocaleString("en")} of ${counted(all, "message")}`),
  /** @param {string} text */ saved: (text) => `${text} saved`,
  /** @param {number} most @param {number} rows */ pngMost: (most, rows) => `up to ${most.toLocaleString("en")} rows, not these ${rows.toLocaleString("en")}`,
  /** @param {number} rows @param {number} most */ tooLong: (rows, most) => `A PNG holds at most ${most.toLocaleString("en")} rows, this ladder has ${rows.toLocaleString("en")}. Take SVG, or hide messages.`,
  pictureFailed: "The picture could not be made.",
  from: "From", to: "To", started: "Start", pdd: "PDD", ring: "Ring", talk: "Talk", ended: "Ended by", nodes: "Nodes", callId: "Call-ID", legs: "Legs", agent: "User agent", hop: "First hop",
  state: "State", status: "Status", count: "Messages", details: "All facts", notSaid: "not said", noFinal: "no final reply seen",
});

/** @typedef {{final: string, from: string, after: string, cause: string, silent: string}} Last the final reply, who gave it, when and why; who got the request and never answered */

/** @param {Last} last */
const lastText = ({ final, from, after, cause, silent }) => `${final}${from && ` from ${from}`}${after && ` after ${after}`}${cause && ` (${cause})`}${silent && `; ${silent} never answered`}`;

/** What became of a call, in one sentence. */
export const VERDICT = Object.freeze({
  /** @param {string} silent */ setup: (silent) => `Being set up, ${silent ? `${silent} has not answered yet` : "nothing rings yet"}`,
  /** @param {string} where */ ringing: (where) => `Ringing${where && ` at ${where}`}, not answered yet`,
  /** @param {string} where */ talking: (where) => `Answered${where && ` by ${where}`}, no BYE seen yet`,
  /** @param {string} by @param {string} who @param {string} after @param {string} cause */
  answered: (by, who, after, cause) => `Answered${by && ` by ${by}`}, ${who ? `${who} hung up` : "ended"}${after && ` after ${after}`}${cause && ` (${cause})`}`,
  /** @param {string} who @param {string} after @param {string} cause */ cancelled: (who, after, cause) => `Cancelled${who && ` by ${who}`}${after && ` after ${after}`}, not answered${cause && ` (${cause})`}`,
  midst: "; its INVITE was not captured",
  /** @param {string} mos */ poor: (mos) => `; MOS fell to ${mos}`,
  /** @param {Last} last */ failed: (last) => `Not answered: ${lastText(last)}`,
  /** @param {Last} last */ timeout: (last) => (last.final ? `No answer in time: ${lastText(last)}` : `No final reply in time${last.silent && `: ${last.silent} never answered`}`),
  /** @param {string} method @param {Last} last @param {number} count of requests */ other: (method, last, count) => `${method} got ${lastText(last)}${count > 2 ? `; ${count} requests in all` : ""}`,
  /** @param {string} method @param {string} silent @param {number} sends @param {string} over */
  unheard: (method, silent, sends, over) => `${method} ${silent ? `never answered by ${silent}` : "without a final reply"}${sends > 1 ? `, sent ${sends} times${over && ` in ${over}`}` : ""}`,
  /** @param {string} label */ fragment: (label) => `Part of a call only${label && `: it begins with ${label}`}`,
  /** @param {string} label */ outside: (label) => `${label}, outside a call`,
  /** @param {number} count */ hosts: (count) => `${count} hosts`,
  and: " and ", messages: "Messages", caller: "the caller", callee: "the called party",
});

export const NOTES = Object.freeze({
  loading: "Loading the call", failed: "The call cannot be shown", again: "Try again", search: "Search calls", stopped: "Stopped",
  notStored: "This call is not stored", everything: "Search everything for this Call-ID", others: "This Call-ID was used by other calls too:",
  onlyLogs: "Its logs, which Loki still has",
  /** @param {string} time */ keptSince: (time) => `Messages before ${time} were removed by retention.`,
  noMedia: "No report on the media of this call has come.",
  /** @param {number} count */ truncated: (count) => `Only the first ${count.toLocaleString("en")} messages are drawn. The exports hold all.`,
  /** @param {number} number @param {number} count */ noMessage: (number, count) => `There is no message ${number}; the call has ${count}.`,
  /** @param {string} title @param {string} detail */ mediaFailed: (title, detail) => `The media of this call cannot be shown: ${title}. ${detail}`,
  /** @param {number} messages @param {number} seen with the copies of other nodes @param {number} hosts */
  facts: (messages, seen, hosts) => `${counted(messages, "message")}${seen > messages ? `, seen ${seen.toLocaleString()} times` : ""}, ${counted(hosts, "host")}`,
  /** @param {number} number */ hiddenMessage: (number) => `Message ${number} is hidden by the choices above the ladder.`,
});

export const TAB_NAMES = Object.freeze({ ladder: "Ladder", media: "Media", logs: "Logs", parts: "Parts of the call" });

export const KEYS = Object.freeze({
  message: "message", failure: "next failure", failureDoes: "next or previous failure", time: "time", timeDoes: "times: offset, time of day or delta to the message before",
  hide: "hide 100 and resends, or show them", sdp: "only messages with SDP, or all", mark: "compare", markDoes: "mark the message; pressed on a second one: compare the two", close: "back", filter: "filter",
  copy: "copy the message", neighbours: "previous or next call of the search", reload: "load again: what came meanwhile",
});

/** The message beside the ladder. */
export const MESSAGE = Object.freeze({
  message: "Message", text: "Text of the message", loading: "Loading the message", failed: "The message cannot be shown", again: "Try again", stopped: "Stopped",
  copy: "Copy", copyMessage: "Copy message", copied: "Copied", byHand: "Ctrl-C copies", logs: "Logs", logsAt: "Logs at this time",
  previous: "Previous message", next: "Next message", close: "Close message", width: "Width of the message", mark: "Compare", views: "Views of the message",
  tabs: Object.freeze({ text: "Text", parsed: "Parsed", sdp: "SDP" }),
  startLine: "Start line", body: "Body", noSdp: "No SDP in this message.",
  seenBy: "Seen by",
  media: "Media", address: "Address", port: "Port", protocol: "Protocol", codecs: "Codecs", direction: "Direction",
  notUtf8: "Not valid UTF-8: other bytes are shown as \uFFFD. The PCAP export has them as they are.",
  /** @param {string} fault */ notValid: (fault) => `Not valid SIP in all parts: ${fault}.`,
  /** @param {number} count */ bytes: (count) => `${count.toLocaleString("en")} bytes`,
  /** @param {string} node */ by: (node) => `seen by ${node}`,
  /** @param {string} seconds */ after: (seconds) => `${seconds} s after the first`,
  /** @param {string} raw @param {string} node @param {string} by */ corrected: (raw, node, by) => `${node || "The node"} stamped it ${raw}; its clock is corrected by ${by} ms here`,
  /** @param {string} type @param {number} count */ binary: (type, count) => `${type}, ${counted(count, "byte")}, not text`,
  /** @param {number} count */ moreBytes: (count) => `… ${counted(count, "byte")} more`,
});

/** Two messages side by side. */
export const COMPARE = Object.freeze({
  compare: "Compare", between: "Two messages compared", same: "the same in both", swap: "Swap", end: "End comparing", changed: "changed", added: "only in the second", removed: "only in the first",
  differences: "Differences only", body: "Body", loading: "Loading both messages", failed: "The messages cannot be compared",
  /** @param {number} count */ count: (count) => (count ? counted(count, "line differs", "lines differ") : "No line differs"),
  /** @param {number} number */ waiting: (number) => `Message ${number} is marked. Choose another and press c to compare.`,
});
