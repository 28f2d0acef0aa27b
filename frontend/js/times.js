/**
 * Times as the reader sees them: the browser's zone, always with the zone named in the top bar.
 * Arithmetic is on microseconds since the epoch (a Number holds those exactly until 2255).
 */

const UNITS = Object.freeze({ m: 60, h: 3600, d: 86_400 });
const RELATIVE = /^-(\d{1,5})([mhd])$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "2-digit", month: "short", year: "numeric" });
const OFFSET = new Intl.DateTimeFormat("en", { timeZoneName: "longOffset" });

/** The name of the zone with its offset from UTC, for people. */
export function zoneName() {
  const offset = OFFSET.formatToParts(new Date()).find((part) => part.type === "timeZoneName")?.value;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === "UTC" ? zone : `${zone} (${offset === "GMT" ? "UTC" : offset?.replace("GMT", "UTC")})`;
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

/** `16:02:49.418` @param {string} time */
export function clock(time) {
  const at = new Date(micros(time) / 1000);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

/** `2026-11-24 16:02:49.418` @param {string} time */
export const dayAndClock = (time) => `${isoDay(new Date(micros(time) / 1000))} ${clock(time)}`;

/** `Tue, 24 Nov 2026 16:02:49.418`, the long form. @param {string} time */
export const longTime = (time) => `${DAY.format(new Date(micros(time) / 1000))} ${clock(time)}`;

/** What an input of type datetime-local holds for a moment. @param {string} time */
export const forInput = (time) => `${isoDay(new Date(time))}T${clock(time).slice(0, 8)}`;

/** RFC 3339 in UTC of a datetime-local input; "" when it is empty. @param {string} local */
export const fromInput = (local) => (local ? new Date(local).toISOString() : "");

/** `0:47`, `1:02:03`; below a minute `12.3 s`. @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null) return "";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** @param {Date} at */
const isoDay = (at) => `${pad(at.getFullYear(), 4)}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
