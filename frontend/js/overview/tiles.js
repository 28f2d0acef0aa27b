/** The tiles at the head: figure, comparison with a week ago, course; each leads to its calls. */
import { based } from "../base.js";
import { NOTHING } from "../charts/readout.js";
import { spark } from "../charts/marks.js";
import { h } from "../dom.js";
import { mosText } from "../media/words.js";
import { MEANS, RATIOS, TILES } from "../words/home.js";
import { difference, growth } from "./change.js";

/** @typedef {import("./data.js").Overview} Overview */
/** @typedef {(more?: Record<string, string>) => string} CallsHref */
/** @typedef {{name: string, words?: string, means: string, href: string, figure: string, unit?: string, part?: string, below: string, line: SVGElement}} Tile */

/** Spans that fill the height of a small line at least. */
const LEAST_POINTS = 10;
const LEAST_CALLS = 4;
const LEAST_MS = 100;
const LEAST_MOS = 0.5;

/** `61.8` @param {number | null} percent */
export const percentText = (percent) => (percent === null ? NOTHING : percent.toFixed(1));

/** @param {import("./data.js").Ratio} ratio */
export const partText = ({ numerator, denominator }) => TILES.part(numerator, denominator);

/** @param {Overview} overview @param {CallsHref} callsHref */
export function tiles(overview, callsHref) {
  const { kpis, course } = overview;
  return h("div", { class: "tiles" },
    tile(callsTile(overview, callsHref)),
    tile(ratioTile(overview, "ser", callsHref({ status: "2*" }))),
    tile(ratioTile(overview, "seer", callsHref())),
    tile(pddTile(overview, callsHref)), tile(mosTile(overview, callsHref)),
    tile({ name: TILES.registered, words: TILES.now, means: MEANS.registered, href: based("/registrations"),
      figure: overview.registered === null ? NOTHING : overview.registered.toLocaleString(),
      below: overview.registered === null ? TILES.onlyNow : TILES.registrations(sum(course.registrations_failed), kpis.ira.denominator), line: spark(course.registrations, LEAST_CALLS) }));
}

/** @param {Overview} overview @param {CallsHref} callsHref @returns {Tile} */
function callsTile({ kpis, before, course }, callsHref) {
  const attempts = kpis.asr.denominator;
  return { name: TILES.calls, means: MEANS.calls, href: callsHref(), figure: attempts.toLocaleString(), part: TILES.answered(kpis.asr.numerator),
    below: growth(attempts, before.attempts) || TILES.nothingBefore, line: spark(course.attempts, LEAST_CALLS) };
}

/** @param {Overview} overview @param {"ser" | "seer"} name @param {string} href @returns {Tile} */
function ratioTile({ kpis, before, course }, name, href) {
  const { value, denominator } = kpis[name];
  return { name: TILES[name], words: RATIOS.words[name], means: MEANS[name], href, figure: percentText(value), unit: value === null ? "" : "%", part: denominator ? partText(kpis[name]) : "",
    below: denominator ? difference(value, before.ratios[name].value, TILES.points) || TILES.nothingBefore : TILES.noCalls, line: spark(course[name], LEAST_POINTS) };
}

/** @param {Overview} overview @param {CallsHref} callsHref @returns {Tile} */
function pddTile({ kpis, before, course }, callsHref) {
  const seconds = inSeconds(kpis.pdd.p95_ms);
  return { name: TILES.pdd, means: MEANS.pdd, href: callsHref(), figure: seconds === null ? NOTHING : seconds.toFixed(1), unit: seconds === null ? "" : "s",
    below: seconds === null ? TILES.noCalls : difference(seconds, inSeconds(before.pdd_p95_ms), "s") || TILES.nothingBefore, line: spark(course.pdd_mean, LEAST_MS) };
}

/** @param {Overview} overview @param {CallsHref} callsHref @returns {Tile} */
function mosTile({ media, before, course }, callsHref) {
  return { name: TILES.mos, words: TILES.mos2, means: MEANS.mos, href: callsHref(media.mos === null ? {} : { outcome: "poor" }), figure: media.mos === null ? NOTHING : mosText(media.mos),
    below: media.mos === null ? TILES.noReports : difference(media.mos, before.media.mos, "") || TILES.nothingBefore, line: spark(course.media_mos, LEAST_MOS) };
}

/** @param {Tile} parts */
function tile({ name, words = "", means, href, figure, unit, part, below, line }) {
  return h("a", { class: "card tile", href, title: means },
    h("span", { class: "tile-name" }, h("b", {}, name), words && ` ${words}`),
    h("span", { class: "tile-figure" }, figure, unit && h("small", {}, ` ${unit}`), part && h("small", { class: "tile-part" }, ` ${part}`)),
    h("span", { class: "tile-below" }, below), line);
}

/** @param {import("../charts/scale.js").Numbers} values */
const sum = (values) => values.reduce((/** @type {number} */ total, value) => total + (value ?? 0), 0);

/** @param {number | null} ms */
const inSeconds = (ms) => (ms === null ? null : ms / 1000);
