/**
 * How serious a line is, where it says so itself: as a label, as JSON or logfmt, or by a word in
 * capitals near its begin, as syslog, Kamailio, Asterisk and FreeSWITCH write it.
 */

/** @typedef {"error" | "warning" | "info" | "debug"} Level */

/** @type {Readonly<Record<string, Level>>} */
const WORDS = Object.freeze({
  emerg: "error", emergency: "error", alert: "error", crit: "error", critical: "error", fatal: "error", panic: "error", err: "error", error: "error", severe: "error", bug: "error",
  warn: "warning", warning: "warning", notice: "info", info: "info", information: "info", informational: "info", verbose: "debug", debug: "debug", dbg: "debug", trace: "debug",
});

/** By the number of syslog's severity. @type {readonly Level[]} */
const SEVERITIES = Object.freeze(["error", "error", "error", "error", "warning", "info", "info", "debug"]);

const LABELS = ["level", "severity", "detected_level"];

/** So far into a line its level is looked for; further on stands what somebody said. */
const NEAR = 240;

const PRIORITY = /^<(\d{1,3})>/;
const NAMED = /["'\s]?\b(?:level|lvl|severity)\b["']?\s*[:=]\s*["']?([A-Za-z]+)/;
const CAPITALS = /(?:^|[^A-Za-z0-9_-])(EMERG|ALERT|CRIT|CRITICAL|FATAL|PANIC|ERR|ERROR|SEVERE|BUG|WARN|WARNING|NOTICE|INFO|VERBOSE|DEBUG|DBG|TRACE)(?![A-Za-z0-9_-])/;

/** @param {import("../api.js").LogLine} line @returns {Level | null} */
export function levelOf({ text, labels }) {
  for (const name of LABELS) {
    const level = word(labels?.[name]);
    if (level) return level;
  }
  const start = text.slice(0, NEAR);
  const priority = PRIORITY.exec(start);
  if (priority && Number(priority[1]) < 192) return SEVERITIES[Number(priority[1]) % 8] ?? null;
  return word(NAMED.exec(start)?.[1]) ?? word(CAPITALS.exec(start)?.[1]);
}

/** @param {string | undefined} text @returns {Level | null} */
const word = (text) => (text && Object.hasOwn(WORDS, text.toLowerCase()) && WORDS[text.toLowerCase()]) || null;
