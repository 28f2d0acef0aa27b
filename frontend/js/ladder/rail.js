/**
 * The rail at the right of a ladder: a bar for each stream of media, which lasts as long as its
 * reports. Between two rows a bar ends as far down as its time is from one to the other.
 */
import { h } from "../dom.js";
import { CALL } from "../words/call.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./bands.js").Band} Band */
/** @typedef {{band: Band, top: number, foot: number, lane: number}} Bar */

export const RAIL = 34;
const LANES = 3;
const PITCH = 9;
const LEAST = 8;

/** @param {Row[]} rows @param {number} startUs the time that is 0 @returns {Bar[]} */
export function barsOf(rows, startUs) {
  if (!rows.some(({ kind }) => kind === "band")) return [];
  const points = rows.flatMap((row) => (row.kind === "arrow" || row.kind === "fold" ? [{ at: row.offsetUs, y: row.top + row.height / 2 }] : []));
  const ends = Array.from({ length: LANES }, () => -Infinity);
  return rows.flatMap((row) => {
    if (row.kind !== "band") return [];
    const top = row.top + row.height / 2;
    const foot = Math.max(heightAt(points, row.band.endUs - startUs), top + LEAST);
    const free = ends.findIndex((end) => end < top);
    const lane = free < 0 ? ends.indexOf(Math.min(...ends)) : free;
    ends[lane] = foot;
    return [{ band: row.band, top, foot, lane }];
  });
}

/** @param {{at: number, y: number}[]} points in order of time @param {number} us */
function heightAt(points, us) {
  const next = points.findIndex(({ at }) => at >= us);
  const after = points[next];
  const before = points[(next < 0 ? points.length : next) - 1];
  if (!before || !after) return (before ?? after)?.y ?? 0;
  return before.y + ((after.y - before.y) * (us - before.at)) / (after.at - before.at);
}

/** @param {Bar[]} bars */
export const railBars = (bars) => bars.map(({ band, top, foot, lane }) => {
  const bar = h("div", { class: "rail-bar" }, h("span", {}, band.from < band.to ? CALL.rightward : CALL.leftward));
  bar.style.top = `${top}px`;
  bar.style.height = `${foot - top}px`;
  bar.style.left = `${4 + lane * PITCH}px`;
  return bar;
});
