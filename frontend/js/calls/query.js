/** What a search for calls is: its parameters in the URL, and the question to the API. */
import { isMoment, toUtc } from "../times.js";

/** @typedef {import("../address.js").Values} Values */

export const ANY = "any";
export const EVERYTHING = "1970-01-01T00:00:00Z";

export const STATES = ["setup", "ringing", "answered", "completed", "cancelled", "timeout", "failed", "other"];

/** The fields of the form: parameter of URL and API alike, label, and an example. */
export const FIELDS = Object.freeze([
  { name: "from_user", label: "From", hint: "4930*" },
  { name: "to_user", label: "To", hint: "*123" },
  { name: "call_id", label: "Call-ID", hint: "whole, or with *" },
  { name: "status", label: "Status", hint: "486 or 4*" },
  { name: "source", label: "Source", hint: "10.0.0.5 or /24" },
  { name: "destination", label: "Destination", hint: "10.0.0.5:5060" },
  { name: "nodes", label: "Node", hint: "sbc-*" },
  { name: "user_agent", label: "User agent", hint: "Asterisk*" },
]);

/** @type {Record<string, import("../address.js").Parameter>} */
export const PARAMETERS = Object.freeze({
  q: { fallback: "" },
  from: { fallback: "-24h", check: isMoment },
  to: { fallback: "", check: isMoment },
  method: { fallback: "INVITE" },
  state: { fallback: "", check: (text) => STATES.includes(text) },
  ...Object.fromEntries(FIELDS.map(({ name }) => [name, { fallback: "" }])),
  order: { fallback: "-time", check: (text) => text === "time" || text === "-time" },
  sel: { fallback: "" },
});

/** Return the parameters of `GET calls`; relative times become fixed ones. @param {Values} values @param {number} nowMs */
export function apiQuery(values, nowMs) {
  const query = new URLSearchParams({ start: toUtc(values["from"] ?? "", nowMs) });
  if (values["to"]) query.set("end", toUtc(values["to"], nowMs));
  if (values["method"] !== ANY) query.set("method", values["method"] ?? "");
  for (const name of ["q", "state", "order", ...FIELDS.map((field) => field.name)]) {
    if (values[name]) query.set(name, values[name]);
  }
  return query;
}

/** Whether anything but time and method narrows the search. @param {Values} values */
export const isNarrowed = (values) => ["q", "state", ...FIELDS.map(({ name }) => name)].some((name) => values[name]);
