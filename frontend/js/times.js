/**
 * Times as the reader sees them: in the zone of `zone.js`, which the top bar names. Arithmetic is
 * on microseconds since the epoch (a Number holds those exactly until 2255).
 */
import { now } from "./clock.js";
import { offsetMs, wallOf, zone } from "./zone.js";

export { chooseZone, zone, zoneChoice } from "./zone.js";

/** Before anything that is stored. */
export const EVER = "1970-01-01T00:00:00Z";

const UNITS = Object.freeze({ m: 60, h: 3600, d: 86_400 });
const RELATIVE = /^-(\d{1,5})([mhd])$/;
/** Years that a packet can be of, and then some. */
const RFC3339 = /^(?:19|2\d)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" });

/** The name of the zone with its offset from UTC now, for people. */
export function zoneName() {
  return zone() === "UTC" ? "UTC" : `${zone()} (${offsetName(now())})`;
}

/** `UTC+02:00` @param {number} ms since the epoch */
export function offsetName(ms) {
  const minutes = Math.round(offsetMs(ms) / 60_000);
  const size = Math.abs(minutes);
  return minutes ? `UTC${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}` : "UTC";
}

/** Whether text is a moment that a URL may hold: `-6h`, or RFC 3339. @param {string} text */
export const isMoment = (text) => RELATIVE.test(text) || (RFC3339.test(text) && !Number.isNaN(Date.parse(text)));

/** Return a moment as RFC 3339 in UTC. @param {string} moment @param {number} nowMs */
export function toUtc(moment, nowMs) {
  const relative = RELATIVE.exec(moment);
  if (!relative) return moment;
  const unit = UNITS[/** @type {keyof typeof UNITS} */ (relative[2])];
  return new Date(nowMs - Number(relative[1]) * unit * 1000).toISOString();
}

/** Microseconds since the epoch. @param {string} time RFC 3339 */
export function micros(time) {
  const digits = /\.(\d+)/.exec(time)?.[1] ?? "";
  const whole = Date.parse(time.replace(/\.\d+/, ""));
  return whole * 1000 + Number(digits.padEnd(6, "0").slice(0, 6));
}

/** @param {number} value @param {number} [width] */
const pad = (value, width = 2) => String(value).padStart(width, "0");

/** What a clock shows, in UTC fields. @param {string} time */
const wall = (time) => wallOf(micros(time) / 1000);

/** RFC 3339 in the zone, to the millisecond: `2026-11-24T16:02:49.418+01:00`. @param {number} ms since the epoch */
export function zonedIso(ms) {
  const name = offsetName(ms);
  return wallOf(ms).toISOString().replace("Z", name === "UTC" ? "Z" : name.slice(3));
}

/** `16:02:49.418` @param {string} time */
export const clock = (time) => wall(time).toISOString().slice(11, 23);

/** `2026-11-24 16:02:49.418` @param {string} time */
export const dayAndClock = (time) => `${isoDay(wall(time))} ${clock(time)}`;

/** `Tue, 24 Nov 2026 16:02:49.418`, the long form. @param {string} time */
export const longTime = (time) => `${DAY.format(wall(time))} ${clock(time)}`;

/** What an input of type datetime-local holds for a moment. @param {string} time */
export const forInput = (time) => `${isoDay(wall(time))}T${clock(time).slice(0, 8)}`;

/** `0:47`, `1:02:03`; below a minute `12.3 s`. @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null) return "";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** @param {Date} at */
const isoDay = (at) => `${pad(at.getUTCFullYear(), 4)}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
