/** One line of the logs: when, how serious, from whom and where, and what it says. */
import { visibleText } from "../message/unseen.js";
import { h } from "../dom.js";
import { clock, dayAndClock, longTime, micros } from "../times.js";
import { LOGS } from "../words/logs.js";
import { levelOf } from "./level.js";

/** @typedef {import("../api.js").LogLine} LogLine */

/** What levels look like besides their word: a shape, as colour alone tells nobody enough. */
const SIGNS = Object.freeze({ error: "■", warning: "▲", info: "", debug: "" });

const SOURCES = Object.freeze({ database: "HEP", loki: "Loki" });

/** @param {LogLine} line @param {number} beginUs when the call began, 0 if that is not known: then lines may be of any day */
export function lineItem(line, beginUs) {
  const level = levelOf(line);
  const times = beginUs ? [clock(line.time), offsetText(micros(line.time) - beginUs)] : dayAndClock(line.time).split(" ");
  const type = line.protocol_type === null || line.protocol_type === 100 ? "" : ` type ${line.protocol_type}`;
  return h("li", { class: level ? `log ${level}` : "log" },
    h("time", { datetime: line.time, title: longTime(line.time) }, times[0]),
    h("span", { class: "log-offset" }, times[1]),
    h("span", { class: "log-level" }, level && `${SIGNS[level]} ${level}`.trim()),
    h("span", { class: "log-from", title: titleOf(line) }, h("b", {}, line.node ?? ""), h("span", { class: `log-source ${line.source}` }, `${SOURCES[line.source]}${type}`)),
    h("span", { class: "log-text" }, visibleText(line.text), labelsOf(line)));
}

/** Labels of Loki, to unfold: what a title says only to a pointer. @param {LogLine} line */
function labelsOf({ labels }) {
  const pairs = Object.entries(labels ?? {});
  if (!pairs.length) return null;
  return h("details", { class: "log-labels" }, h("summary", {}, LOGS.labels), h("span", {}, visibleText(pairs.map(([name, value]) => `${name}=${value}`).join("  "))));
}

/** Seconds since the begin of the call: `+3.204`, `−0.012`. @param {number} us */
function offsetText(us) {
  return `${us < 0 ? "−" : "+"}${(Math.abs(us) / 1e6).toFixed(3)}`;
}

/** All that is known of where a line comes from. @param {LogLine} line */
function titleOf({ labels, correlation_id: correlation, node }) {
  const words = labels ? Object.entries(labels).map(([name, value]) => `${name}=${value}`) : [node ?? ""];
  if (correlation) words.push(LOGS.foundBy(correlation));
  return visibleText(words.filter(Boolean).join("\n"));
}
