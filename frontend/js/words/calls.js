/** The words of the screen of calls. */
import { counted } from "./count.js";

/** Names of fields for people; links and the API have others. */
export const LABELS = Object.freeze({
  from_user: "From", to_user: "To", outcome: "Outcome", status: "Status", reason: "Reason", method: "Method", state: "State",
  nodes: "Node", source: "Source", destination: "Destination", user_agent: "User agent", call_id: "Call-ID",
  from_domain: "From domain", to_domain: "To domain", ruri_user: "Request URI user", ruri_domain: "Request URI domain",
  pdd_ms: "PDD in ms", duration_s: "Talk time in s", worst_mos: "Worst MOS", worst_loss: "Worst loss", worst_jitter_ms: "Worst jitter in ms",
  message_count: "Messages", started_at: "Started", answered_at: "Answered", ended_at: "Ended",
});

/** @type {Readonly<Record<string, string>>} */
export const OUTCOME_NAMES = Object.freeze({
  answered: "Answered", poor: "Answered, poor", not_taken: "Not taken", rejected: "Rejected", fault: "Server fault",
  no_reply: "No reply", in_progress: "In progress",
});

/** The codes behind an outcome, where its name leaves them open. @type {Readonly<Record<string, string>>} */
export const OUTCOME_CODES = Object.freeze({ rejected: "3xx/4xx", fault: "5xx/6xx" });

export const OPERATORS = Object.freeze({
  is: "is", isNot: "is not", wildcard: "* stands for anything", has: "has a value", hasNot: "has no value",
});

export const PATTERNS = Object.freeze({ exactly: "exactly", begins: "begins with it", contains: "contains it", pattern: "matches the pattern" });

export const COMPLETION = Object.freeze({
  fields: "Fields", words: "Words", meant: "Did you mean", anywhere: "part of a number, a Call-ID, an address",
  /** @param {string} label */
  operators: (label) => `${label} …`,
  /** @param {string} label */
  seen: (label) => `${label}: values seen in this range`,
  /** @param {string} label */
  all: (label) => `${label}: all values`,
  /** @param {string} label */
  is: (label) => `${label} is`,
  /** @param {string} label */
  isNot: (label) => `${label} is not`,
  /** @param {number} count @param {boolean} isSampled */
  calls: (count, isSampled) => `${isSampled ? "about " : ""}${counted(count, "call")}`,
  looking: "Looking for values …", none: "No value seen in this range begins like this; any value can be typed.",
  /** @param {string} title */
  failed: (title) => `Values seen cannot be listed: ${title}. Any value can be typed.`,
  recent: "Used before", examples: "For example",
  help: "In values * stands for anything, != leaves out, several values of one field are joined by or. Words find parts of numbers, whole Call-IDs and addresses; a SIP URI or a number with blanks can be pasted.",
  take: "take", choose: "choose", close: "close", search: "search",
});

/** @type {readonly [code: string, says: string][]} */
export const EXAMPLES = Object.freeze([
  ["status = 5*", "server faults, any code"], ["outcome = no_reply", "no final reply in time"],
  ["from_user = *1234*", "a part of the caller’s number"], ["user_agent != *scan*", "all agents but these"],
]);

export const BAR = Object.freeze({
  label: "Search calls: a field, or part of a number, a Call-ID, an address",
  placeholder: "Part of a number, a Call-ID, an address; or a field",
  more: "Add a filter or words", search: "Search", filters: "Filters",
  chipKeys: "Enter edits, ! turns it round, Backspace removes it, arrows move.",
  remove: "Remove", or: "or", wordsField: "words",
  /** @param {string} text */
  removes: (text) => `Remove ${text}`,
  /** @param {boolean} not */
  turns: (not) => (not ? "Is not; click: is" : "Is; click: is not"),
  /** @param {string} label @param {boolean} not @param {string} value */
  condition: (label, not, value) => (value === "*" ? `${label} ${not ? "has no value" : "has a value"}` : `${label} ${not ? "is not" : "is"} ${value}`),
  /** @param {string} name @param {string | undefined} near */
  unknown: (name, near) => `No field is called “${name}”.${near ? ` Did you mean ${near}?` : ""}`,
  /** @param {string} name */
  use: (name) => `Use ${name}`,
});

export const FORM = Object.freeze({
  label: "All fields", open: "Form", title: "All fields as a form (a)", words: "Words", clear: "Clear",
  help: "* stands for anything, ! in front leaves out; between values of a field a comma means or. Fields are joined by and.",
  wordsHint: "part of a number, a Call-ID, an address",
  groups: Object.freeze({ parties: "Who", ends: "What became of it", way: "Where it went", figures: "Figures and times" }),
  hints: Object.freeze({
    from_user: "4930*, *0178*", to_user: "4930*, *0178*", status: "4*, !486", reason: "*circuit*", method: "INVITE, REGISTER", outcome: "fault, no_reply",
    user_agent: "*Asterisk*", source: "10.0.0.0/8", destination: "10.0.0.5:5060", nodes: "sbc-*", call_id: "whole, or *part*",
    state: "ringing, completed", pdd_ms: "exactly; *: it rang", duration_s: "exactly; *: answered", message_count: "exactly",
    worst_mos: "exactly; *: reported", worst_loss: "0 to 1; *: reported", worst_jitter_ms: "exactly; *: reported",
    started_at: "exactly", answered_at: "*: answered", ended_at: "!*: goes on",
  }),
});

export const GRID = Object.freeze({ label: "Calls", mark: "Outcome" });

/** Heads of the columns. */
export const COLUMNS = Object.freeze({
  time: "Time", from: "From", to: "To", ruri: "Request URI", status: "Status and cause", pdd: "PDD s", talk: "Talk", mos: "MOS", nodes: "Nodes",
  outcome: "Outcome", source: "Source", destination: "Destination", answered_at: "Answered", ended_at: "Ended", method: "Method", state: "State",
  reason: "Reason", call_id: "Call-ID", user_agent: "User agent", from_domain: "From domain", to_domain: "To domain", message_count: "Messages",
  worst_loss: "Loss", worst_jitter_ms: "Jitter",
});

export const CELLS = Object.freeze({ nothing: "–", slow: "above 3 s", poor: "below 3.6" });

export const CAUSES = Object.freeze({
  noReply: "No reply in time", noFinal: "No final reply", poor: "poor audio",
  /** @param {string} since */
  setup: (since) => `Being set up · ${since}`,
  /** @param {string} since */
  ringing: (since) => `Ringing · ${since}`,
  /** @param {string} since */
  talking: (since) => `talking · ${since}`,
  /** @param {string} after */
  cancelled: (after) => (after ? `cancelled after ${after}` : "cancelled"),
});

export const STRIP = Object.freeze({
  label: "Calls by outcome", legend: "Outcomes", drag: "drag to zoom", sampled: "estimated from a sample", again: "Try again", nothingRead: "No time is read; arrow keys read one",
  keys: "Arrow keys read a time, Shift and arrow keys choose a span, Enter zooms in, Back returns.", zooms: "Enter zooms in",
  /** @param {string} step */
  per: (step) => `per ${step}`,
  /** @param {string} name */
  chooses: (name) => `Click: only “${name}”. Alt-click (Alt+Enter): without it.`,
  /** @param {string} title */
  failed: (title) => `Calls by outcome cannot be counted: ${title}.`,
});

export const FACETS = Object.freeze({
  label: "Values seen", open: "Filters", failed: "Cannot be listed now",
  chooses: "Click: only these calls. Alt-click (Alt+Enter): without them.",
});

export const LOOSEN = Object.freeze({
  title: "No call matches", everything: "Everything stored", withoutAll: "Without any condition", aboutNewest: "Around the newest call",
  byBegin: "Calls are searched by the time of their first message.",
  eachRules: "Leaving out one of these conditions brings rows.", severalRule: "No single condition rules them out, but all of them together.",
  /** @param {string} calls @param {number} count @param {string} range */
  inRange: (calls, count, range) => `${calls} ${count === 1 ? "lies" : "lie"} in the range: ${range.toLowerCase()}.`,
  /** @param {string} text */
  rules: (text) => `The condition “${text}” rules them all out.`,
  /** @param {string} text @param {string} count */
  without: (text, count) => `Without “${text}” (${count})`,
  /** @param {string} time @param {string | null} method */
  newest: (time, method) => `The newest call stored is of ${time} (${method ?? "no method"}).`,
});

export const PEEK = Object.freeze({ label: "Selected call", close: "Close", open: "Open the call" });

export const TAKEAWAY = Object.freeze({
  label: "Export", file: "calls.csv",
  /** @param {number} count */
  csvTicked: (count) => `CSV of ${counted(count, "ticked call")}`,
  /** @param {number} count */
  csvRows: (count) => `CSV of ${counted(count, "row")} loaded`,
  /** @param {string} format @param {number} count */
  exports: (format, count) => `${format === "pcap" ? "PCAP" : "Text"} of ${counted(count, "ticked call")}`,
  /** @param {number} most */
  most: (most) => `Captures and ladders hold at most ${most} calls: the first ${most} are taken.`,
});

export const FOOT = Object.freeze({
  about: "about ", newest: "newest first", oldest: "oldest first", all: "all there are", more: "more below", merge: "merge into one ladder", untick: "untick",
  loads: "Load the new calls", follow: "new ones by themselves", followWhy: "At the top of the list new calls are loaded without asking",
  /** @param {number} count */
  calls: (count) => (count === 1 ? "call" : "calls"),
  /** @param {string} loaded */
  byScrolling: (loaded) => `all by scrolling (${loaded} loaded)`,
  /** @param {number} count */
  ticked: (count) => `${count.toLocaleString()} ticked`,
  /** @param {number} count @param {number} most */
  newer: (count, most) => `${count < most ? count : `${count - 1}+`} new`,
});

export const SCREEN = Object.freeze({
  searching: "Searching", failed: "The search failed", again: "Try again", stopped: "Stopped",
  quicker: "A shorter time range, or a Call-ID, number or address, makes a search quick.",
  title: "Calls", noCell: "Choose a cell first: click it, or go to it by the arrow keys; then f keeps its value and F leaves it out.",
  noFilter: "This column has no filter.",
  tickTwo: "Tick two calls or more (x), then m puts them into one ladder.",
  /** @param {number} most */
  tooMany: (most) => `One ladder holds at most ${most} calls; untick some.`,
  /** @param {boolean} oldest */
  order: (oldest) => (oldest ? "Oldest first; turn round" : "Newest first; turn round"),
  /** @param {string} calls @param {boolean} isPartial */
  found: (calls, isPartial) => `${calls} found${isPartial ? ", and more below" : ""}.`,
});

/** The keys of the screen: hint in the foot, and what they do for the table of keys. */
export const KEYS = Object.freeze({
  search: { hint: "search", does: "go to the search bar; Enter searches, and once more goes to the rows" }, move: { hint: "move", does: "next or previous call; the first, the last" }, page: { hint: "", does: "a page of calls up or down" },
  form: { hint: "", does: "all fields as a form, with the values seen" },
  open: { hint: "open", does: "open the selected call" }, peek: { hint: "peek", does: "facts of the selected call beside the rows" }, tick: { hint: "tick", does: "tick the selected call; with Shift and arrows a range" },
  merge: { hint: "", does: "put the ticked calls into one ladder" }, keep: { hint: "filter by cell", does: "keep only calls with the value of the cell (arrows left and right go to cells)" },
  exclude: { hint: "", does: "leave out calls with the value of the cell" }, reload: { hint: "", does: "load new calls" },
});
