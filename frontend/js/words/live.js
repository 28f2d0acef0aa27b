/** The words of the live screen. */
import { counted } from "./count.js";

/** @param {number} count */
const figure = (count) => count.toLocaleString("en");
/** @param {number} seconds */
const span = (seconds) => (seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`);

export const LIVE = Object.freeze({
  title: "Live", filters: "Filter of live messages", apply: "Apply", clear: "Clear", fields: "Filter",
  pause: "Pause", resume: "Resume", onlyFailures: "Only failures",
  callsNow: "Calls now", starting: "New calls per second", failures: "Failures per minute",
  messages: "Messages", underWay: "Calls under way",
  ago: Object.freeze(["−10 min", "−5 min", "now"]),
  failureNames: Object.freeze({ fault: "fault", no_reply: "no reply", rejected: "rejected" }),
  callColumns: Object.freeze({ age: "Age", from: "From", to: "To", state: "State", nodes: "Nodes", mos: "MOS" }),
  messageColumns: Object.freeze({ time: "Time", message: "Message", path: "Path", call: "Call", node: "Node" }),
  states: Object.freeze({ setup: "Setting up", ringing: "Ringing", answered: "Talking" }),
  other: "not SIP", noMos: "–",
  /** @param {number} type */ ofType: (type) => `HEP type ${type}`,
  /** @param {number} count */ fresh: (count) => `↑ ${figure(count)} new`,
  /** @param {number} count */ freshLong: (count) => `Show ${counted(count, "new message")}`,
  held: "order held while the pointer or the keyboard is inside",
  newestFirst: "newest first",
  /** @param {number} rate */ perSecond: (rate) => `${rate < 10 ? rate.toFixed(1) : figure(Math.round(rate))} per second`,
  /** @param {number} of */ oneOf: (of) => `calls thinned, 1 of ${figure(of)} shown`,
  /** @param {number} shown @param {number} now @param {boolean} atLeast */
  listed: (shown, now, atLeast) => (shown < now ? `newest ${figure(shown)} of ${figure(now)}${atLeast ? " or more" : ""}` : `${figure(now)}, newest first`),
  noMessages: "No message yet.", noMessagesWhy: "What passes the filter appears here as it is stored.",
  noCalls: "No call is under way.",
  /** @param {string} names */ notOfCalls: (names) => `The calls are not filtered by ${names}: only messages have that.`,
});

/** Whether the page hears anything, in a word or two and, above the lists, in a sentence. */
export const LINK = Object.freeze({
  connecting: "Connecting…", paused: "Paused", lost: "Connection lost", trouble: "No database", refused: "Not followed",
  /** @param {number} seconds */ live: (seconds) => (seconds < 1.5 ? "Live, 1 s behind" : `Live, ${span(seconds)} behind`),
  /** @param {string} at */ lostAt: (at) => `Connection lost at ${at}. Trying again; what comes meanwhile is shown then.`,
  /** @param {string} at @param {number} seconds */ mayMiss: (at, seconds) => `Connection lost at ${at}; ${span(seconds)} of messages may be missing.`,
  /** @param {string} at */ nothingMissed: (at) => `Connection lost at ${at}, and back: nothing is missing.`,
  /** @param {string} from @param {string} to @param {number | null} count */
  slow: (from, to, count) => `This page could not keep up from ${from} to ${to}: ${count === null ? "messages" : counted(count, "message")} left out.`,
  /** @param {string} from @param {string} to */ gap: (from, to) => `Messages from ${from} to ${to} may be missing here. Calls has all that are stored.`,
  /** @param {string} from @param {string} to */ wasHidden: (from, to) => `Not followed from ${from} to ${to}, while this tab was hidden. Calls has what was stored.`,
  /** @param {string} title @param {string} detail @param {string} at */ troubleAt: (title, detail, at) => `${title} since ${at}. ${detail}`,
  /** @param {string} what @param {string} seen */ nothingComes: (what, seen) => `No message comes. ${what}: ${seen}`,
  failed: "The live view cannot be followed", again: "Try again",
  /** @param {number} count */ meanwhile: (count) => (count ? `Paused. ${counted(count, "message")} came meanwhile.` : "Paused. No message came meanwhile."),
  dismiss: "Dismiss",
});

/** What a screen reader hears, at most each five seconds. @param {number} messages @param {number} calls */
export const spoken = (messages, calls) => `${counted(messages, "new message")}, ${counted(calls, "call")} under way`;

export const CHART = Object.freeze({
  /** @param {string} title @param {string} now @param {string} low @param {string} high */
  said: (title, now, low, high) => `${title}: ${now} now; over the last 10 minutes between ${low} and ${high}`,
  /** @param {string} title */ empty: (title) => `${title}: nothing yet`,
});

export const FIELD_LABELS = Object.freeze({
  method: "Method", status: "Status", from_user: "From", to_user: "To", node: "Node", source: "Source", destination: "Destination", call_id: "Call-ID", user_agent: "User agent",
});
export const FIELD_HINTS = Object.freeze({
  method: "!OPTIONS", status: "4* 5*", from_user: "4930*", to_user: "*123", node: "sbc-*", source: "10.0.0.5", destination: "10.0.0.0/8", call_id: "f81d4fae*", user_agent: "Asterisk*",
});
export const FIELD_HELP = "Several values with blanks between; ! leaves out, * stands for anything";

export const LIVE_KEYS = Object.freeze({
  filter: "filter", pause: "pause", pauseDoes: "pause, or go on", failures: "only failures", row: "row", open: "open call",
  load: "show new", loadDoes: "show the messages that wait", leave: "leave the list",
});
