/**
 * The time zone that all times are shown in: the reader's kept choice, or what the address says
 * for as long as this page is open. A wall clock is a Date whose UTC fields read what a clock in
 * the zone shows; so one way to format serves every zone, and none of it depends on the browser's.
 */
import { keep, kept, whenKept } from "./kept.js";

/** @typedef {string} Choice `browser`, `UTC`, or the name of a zone as `Europe/Berlin` */

export const BROWSER = "browser";
const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/;

/** Offsets change at whole quarters of an hour of UTC, so that one look at each is enough. */
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const MOST_KNOWN = 4096;

/** What an address says, "" for nothing. @type {Choice} */
let linked = "";

/** @type {{zone: string, format: Intl.DateTimeFormat, offsets: Map<number, number>} | null} */
let current = null;

/** What the reader chose, or the address says. @returns {Choice} */
export const zoneChoice = () => linked || keptChoice();

/** The name of the zone of all times. @returns {string} */
export const zone = () => clockOf().zone;

/** Show times in another zone from now on, also after a reload. @param {Choice} choice */
export function chooseZone(choice) {
  linked = "";
  keep("zone", choice);
  current = null;
}

/** Show the zone that the reader chooses in another tab, but where an address names one. @param {() => void} changed */
export function followZone(changed) {
  whenKept("zone", () => {
    if (linked) return;
    current = null;
    changed();
  });
}

/** Take the zone that an address names, "" for none; false if there is no such zone. @param {Choice} choice */
export function linkZone(choice) {
  const isKnown = !choice || isZone(choice);
  linked = isKnown && choice !== keptChoice() ? choice : "";
  current = null;
  return isKnown;
}

/** What an address has to say of the zone, "" where that is the reader's own choice. @returns {Choice} */
export const zoneOfAddress = () => linked;

/** @param {string} choice @returns {choice is Choice} */
export function isZone(choice) {
  if (choice === BROWSER) return true;
  if (!NAME.test(choice)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: choice }));
  } catch {
    return false;
  }
}

/** Return what a clock in the zone shows, in the UTC fields of a Date. @param {number} ms since the epoch */
export const wallOf = (ms) => new Date(ms + offsetMs(ms));

/** Return how far the zone is ahead of UTC at a moment. @param {number} ms since the epoch */
export function offsetMs(ms) {
  const { format, offsets } = clockOf();
  const quarter = Math.floor(ms / QUARTER_MS);
  const found = offsets.get(quarter);
  if (found !== undefined) return found;
  const at = quarter * QUARTER_MS;
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const offset = Date.UTC(year, month - 1, day, hour, minute, second) - at;
  if (offsets.size >= MOST_KNOWN) offsets.clear();
  offsets.set(quarter, offset);
  return offset;
}

/**
 * Return the moment at which a clock in the zone shows this. Where it shows it twice (`overlap`)
 * that is the first time, and `laterMs` the second; where it never does (`gap`) it is what a clock
 * shows that was not put forward.
 * @param {number} wallMs as UTC fields
 * @returns {{ms: number, kind: "plain" | "gap" | "overlap", laterMs: number}}
 */
export function momentOf(wallMs) {
  const [before, after] = [offsetMs(wallMs - DAY_MS), offsetMs(wallMs + DAY_MS)];
  const moments = [...new Set([before, after])].map((offset) => wallMs - offset).filter((ms) => ms + offsetMs(ms) === wallMs);
  const [first = wallMs - before, second = first] = moments.sort((a, b) => a - b);
  const kind = moments.length > 1 ? "overlap" : moments.length ? "plain" : "gap";
  return { ms: first, kind, laterMs: second };
}

/** @returns {Choice} */
function keptChoice() {
  const choice = kept("zone", BROWSER);
  return isZone(choice) ? choice : BROWSER;
}

function clockOf() {
  if (current) return current;
  const choice = zoneChoice();
  const name = choice === BROWSER ? new Intl.DateTimeFormat().resolvedOptions().timeZone : choice;
  const format = new Intl.DateTimeFormat("en", { timeZone: name, hourCycle: "h23", calendar: "gregory", numberingSystem: "latn",
    year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
  current = { zone: name, format, offsets: new Map() };
  return current;
}
