/**
 * A ladder as rows from top to foot, without a document: from arrows and the reader's choices to
 * heights. A run of resends is one row, a long silence a row of its own, a stream of media a band.
 *
 *     1  0.000     ●── INVITE ──▶│             │      row: 26 px, arrow 8 above its foot
 *     2  0.002     │◁─ 100 ──────●             │
 *        +2.3 s    ≈             ≈             ≈      gap: 22 px
 *        9.811    ↻ 9 × 200 OK and 9 × ACK resent     fold: 26 px
 */
import { micros } from "../times.js";
import { reportsOf } from "./bands.js";
import { metChallenges } from "./challenges.js";

/** @typedef {import("./flow.js").Arrow} Arrow */
/** @typedef {import("./choices.js").Choices} Choices */
/** @typedef {import("./hosts.js").Ends} Ends */
/** @typedef {import("./bands.js").Band} Band */
/** @typedef {{kind: "arrow", top: number, height: number, number: number, arrow: Arrow, from: number, to: number, offsetUs: number, deltaUs: number, transport: string, isClockTold: boolean, isMet: boolean}} ArrowRow `transport` where it is to be named; `isMet` of a demand for credentials that came */
/** @typedef {{kind: "copy", top: number, height: number, number: number, copy: import("./flow.js").Copy, from: number, to: number, lateUs: number}} CopyRow */
/** @typedef {{kind: "gap", top: number, height: number, seconds: number}} GapRow */
/** @typedef {{kind: "fold", top: number, height: number, first: number, last: number, isOpen: boolean, numbers: number[], offsetUs: number, counts: [string, number][], leastUs: number, mostUs: number}} FoldRow */
/** @typedef {{kind: "band", top: number, height: number, band: Band, offsetUs: number}} BandRow */
/** @typedef {{kind: "report", top: number, height: number, report: import("./bands.js").Report, offsetUs: number}} ReportRow */
/** @typedef {ArrowRow | CopyRow | GapRow | FoldRow | BandRow | ReportRow} Row */
/** @typedef {{number: number, arrow: Arrow, ends: Ends, timeUs: number, isMet: boolean}} Entry a message that is drawn */

export const ROW = 26;
const GAP = 22;
const BAND = 24;
const REPORT = 20;
const GAP_US = 1_000_000;
const GAP_STEPS = 4;

/** A clock that is off by less is as good as right; one that is off by more is told each time. */
const SKEW_MS = 1;
const FAR_SKEW_MS = 20;

/** So many resends in a row, each at least the second, are folded. */
const FOLD = 3;

/** A final code that is no success, no redirection and no demand for credentials that was met. @param {{arrow: Arrow, isMet: boolean}} row */
export const isFailure = ({ arrow: { status }, isMet }) => status !== null && status >= 400 && !isMet;

/** When a message was on the wire by the common clock, in microseconds. @param {Arrow} arrow */
export const wireUs = ({ time, skew_ms: skew }) => micros(time) + Math.round(skew * 1000);

/**
 * Return the messages that are drawn; the others keep their numbers.
 * @param {Arrow[]} arrows @param {Choices} choices @param {(arrow: Arrow) => Ends} endsOf @returns {Entry[]}
 */
export function entriesOf(arrows, choices, endsOf) {
  /** @type {Entry[]} */
  const entries = [];
  // Also of what is hidden: the request that came again may be.
  const met = metChallenges(arrows);
  arrows.forEach((arrow, index) => {
    const ends = endsOf(arrow);
    if (ends.from >= 0 && ends.to >= 0 && isWanted(arrow, choices)) entries.push({ number: index + 1, arrow, ends, timeUs: wireUs(arrow), isMet: met.has(arrow) });
  });
  return entries;
}

/** @param {Arrow} arrow @param {Choices} choices */
function isWanted(arrow, { legs, hides100, hidesResends, hidesOthers, onlySdp }) {
  const isOther = arrow.kind === "rtcp" || arrow.kind === "rtp" || arrow.kind === "log" || arrow.kind === "dns";
  return !(legs.size && !legs.has(arrow.leg)) && !(hides100 && arrow.status === 100) && !(hidesResends && arrow.resend)
    && !(hidesOthers && isOther) && !(onlySdp && !arrow.sdp);
}

/**
 * Return the rows, and their height together.
 * @param {Entry[]} entries @param {Choices} choices @param {Band[]} bands in order of time @param {number} startUs the time that is 0
 * @returns {{rows: Row[], height: number}}
 */
export function rowsOf(entries, choices, bands, startUs) {
  const threshold = Math.max(GAP_US, GAP_STEPS * median(entries.slice(1).map(({ timeUs }, index) => timeUs - (entries[index]?.timeUs ?? timeUs))));
  const builder = new Rows(choices, threshold, startUs);
  const waiting = choices.showsReports ? [...bands, ...reportsOf(bands)].sort((one, other) => one.startUs - other.startUs) : [...bands];
  let at = 0;
  while (at < entries.length) {
    const entry = /** @type {Entry} */ (entries[at]);
    while (waiting[0] && waiting[0].startUs <= entry.timeUs) builder.media(/** @type {Band | import("./bands.js").Report} */ (waiting.shift()));
    const end = runEnd(entries, at);
    if (end - at >= FOLD) builder.fold(entries.slice(at, end));
    else builder.arrows(entries.slice(at, Math.max(end, at + 1)));
    at = Math.max(end, at + 1);
  }
  waiting.forEach((one) => builder.media(one));
  return { rows: builder.rows, height: builder.top };
}

/** Where a run of resends ends that begins here. @param {Entry[]} entries @param {number} at */
function runEnd(entries, at) {
  let end = at;
  while ((entries[end]?.arrow.resend ?? 0) > 1) end += 1;
  return end;
}

class Rows {
  /** @type {Row[]} */
  rows = [];
  top = 0;
  #beforeUs = NaN;
  /** @type {Map<string, string>} */
  #transports = new Map();
  /** Nodes whose clocks were told. @type {Set<string>} */
  #clocks = new Set();
  #stampUs = -Infinity;

  /** @param {Choices} choices @param {number} threshold @param {number} startUs */
  constructor(choices, threshold, startUs) {
    this.choices = choices;
    this.threshold = threshold;
    this.startUs = startUs;
  }

  /** @param {Band | import("./bands.js").Report} one */
  media(one) {
    const offsetUs = one.startUs - this.startUs;
    if ("point" in one) this.#add({ kind: "report", top: this.top, height: REPORT, report: one, offsetUs });
    else this.#add({ kind: "band", top: this.top, height: BAND, band: one, offsetUs });
  }

  /** @param {Entry[]} run */
  fold(run) {
    const [first, last] = /** @type {[Entry, Entry]} */ ([run[0], run.at(-1)]);
    this.#gap(first.timeUs);
    const counts = new Map();
    for (const { arrow } of run) counts.set(arrow.label, (counts.get(arrow.label) ?? 0) + 1);
    const apart = pausesOf(run);
    const isOpen = this.choices.open.has(String(first.number));
    this.#add({ kind: "fold", top: this.top, height: ROW, first: first.number, last: last.number, isOpen, numbers: run.map(({ number }) => number), counts: [...counts],
      offsetUs: first.timeUs - this.startUs, leastUs: Math.min(...apart), mostUs: Math.max(...apart) });
    if (isOpen) this.arrows(run);
    this.#beforeUs = last.timeUs;
  }

  /** @param {Entry[]} entries */
  arrows(entries) {
    for (const entry of entries) this.#arrow(entry);
  }

  /** @param {Entry} entry */
  #arrow({ number, arrow, ends, timeUs, isMet }) {
    this.#gap(timeUs);
    const pair = `${arrow.leg} ${Math.min(ends.from, ends.to)} ${Math.max(ends.from, ends.to)}`;
    const isNew = Boolean(arrow.transport) && this.#transports.get(pair) !== arrow.transport;
    if (isNew) this.#transports.set(pair, String(arrow.transport));
    this.#add({ kind: "arrow", top: this.top, height: ROW, number, arrow, ...ends, offsetUs: timeUs - this.startUs,
      deltaUs: Number.isNaN(this.#beforeUs) ? 0 : timeUs - this.#beforeUs, transport: isNew ? String(arrow.transport) : "", isClockTold: this.#tellsClock(arrow), isMet });
    this.#beforeUs = timeUs;
    if (!arrow.copies.length || !this.choices.open.has(String(number))) return;
    for (const copy of arrow.copies) {
      this.#add({ kind: "copy", top: this.top, height: GAP, number, copy, ...ends, lateUs: micros(copy.time) - micros(arrow.time) });
    }
  }

  /** A corrected clock matters at the first message of its node, where it changed the order, and where it is far off. @param {Arrow} arrow */
  #tellsClock({ time, skew_ms: skew, nodes }) {
    const stampUs = micros(time);
    const isMoved = stampUs < this.#stampUs;
    this.#stampUs = stampUs;
    if (Math.abs(skew) < SKEW_MS) return false;
    const node = nodes.join();
    const isFirst = !this.#clocks.has(node);
    this.#clocks.add(node);
    return isFirst || isMoved || Math.abs(skew) > FAR_SKEW_MS;
  }

  /** @param {number} timeUs */
  #gap(timeUs) {
    const silentUs = timeUs - this.#beforeUs;
    if (silentUs > this.threshold) this.#add({ kind: "gap", top: this.top, height: GAP, seconds: silentUs / 1_000_000 });
  }

  /** @param {Row} row */
  #add(row) {
    this.rows.push(row);
    this.top += row.height;
  }
}

/** Times between the resends of each kind on each way in a run. @param {Entry[]} run */
function pausesOf(run) {
  /** @type {Map<string, number>} */
  const before = new Map();
  const pauses = [];
  for (const { arrow, timeUs } of run) {
    const way = `${arrow.from} ${arrow.to} ${arrow.label}`;
    const last = before.get(way);
    if (last !== undefined) pauses.push(timeUs - last);
    before.set(way, timeUs);
  }
  return pauses.length ? pauses : [0];
}

/** Return the part of the rows that lies between two heights. @param {Row[]} rows @param {number} from @param {number} to */
export function rowsBetween(rows, from, to) {
  const first = firstBelow(rows, from);
  let end = first;
  while (end < rows.length && (rows[end]?.top ?? 0) <= to) end += 1;
  return { first, end };
}

/** @param {Row[]} rows @param {number} from */
function firstBelow(rows, from) {
  let [first, last] = [0, rows.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    const row = rows[middle];
    if (row && row.top + row.height < from) first = middle + 1;
    else last = middle;
  }
  return first;
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}
