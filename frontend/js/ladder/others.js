/** The rows of a ladder that are no arrow, as shapes: silence, a stream of media, another's sight. */
import { svg } from "../dom.js";
import { bandTexts, reportText } from "./bands.js";

/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {import("./place.js").Measure} Measure */

const CHEVRON = 7;

/** Broken lifelines. @param {Columns} columns */
export function gapShapes({ middles, gutter, width }) {
  return [svg("path", { class: "gap-dots", d: `M${gutter} 11H${width}` }), ...middles.flatMap((x) => [
    svg("path", { class: "break-back", d: `M${x} 8v6` }),
    svg("path", { class: "break", d: `M${x - 4} 10l8 -4m-8 10l8 -4` })])];
}

/** A band with chevrons along the flow. @param {import("./rows.js").BandRow} row @param {Columns} columns @param {Measure} measure */
export function bandShapes({ band, height }, columns, measure) {
  const [from, to] = [columns.middles[band.from] ?? 0, columns.middles[band.to] ?? 0];
  const [left, right] = [Math.min(from, to) + 4, Math.max(from, to) - 4];
  const way = Math.sign(to - from);
  const texts = bandTexts(band);
  const text = texts.find((one) => measure(one, "mark") + 6 * CHEVRON < right - left) ?? texts.at(-1) ?? "";
  const width = measure(text, "mark");
  const free = (right - left - width) / 2 - 8;
  const middle = height / 2;
  const count = Math.max(Math.min(Math.floor(free / CHEVRON), 5), 0);
  const chevrons = Array.from({ length: count }, (_, index) => [left + 8 + index * CHEVRON, right - 8 - index * CHEVRON]).flat()
    .map((x) => `M${x - way * 2} ${middle - 4}l${way * 4} 4l${-way * 4} 4`).join("");
  const low = Math.max(Math.min((left + right - width) / 2, columns.width - width - 6), columns.gutter + 6);
  return [svg("rect", { class: "band", x: left, y: 3, width: right - left, height: height - 6, rx: (height - 6) / 2 }),
    svg("path", { class: "chevrons", d: chevrons || "M0 0" }), svg("text", { class: "band-text", x: low, y: middle + 4 }, text)];
}

/** A thin band with what a report says. @param {import("./rows.js").ReportRow} row @param {Columns} columns @param {Measure} measure */
export function reportShapes({ report, height }, columns, measure) {
  const [from, to] = [columns.middles[report.band.from] ?? 0, columns.middles[report.band.to] ?? 0];
  const way = Math.sign(to - from);
  const text = reportText(report.point);
  const left = Math.max(Math.min(Math.min(from, to) + 9, columns.width - 6 - measure(text, "aside")), columns.gutter + 6);
  return [svg("path", { class: "report", d: `M${from + way * 4} ${height - 4}H${to - way * 4}` }),
    svg("path", { class: "chevrons", d: `M${to - way * 10} ${height - 7}l${way * 4} 3l${-way * 4} 3` }), svg("text", { class: "report-text", x: left, y: 11 }, text)];
}

/** @param {import("./rows.js").CopyRow} row @param {Columns} columns @param {string} text @param {Measure} measure */
export function copyShapes(row, columns, text, measure) {
  const [from, to] = [columns.middles[row.from] ?? 0, columns.middles[row.to] ?? 0];
  const left = Math.max(Math.min(Math.min(from, to) + 9, columns.width - 6 - measure(text, "mark")), columns.gutter + 6);
  return [svg("path", { class: "sight", d: `M${from} ${row.height - 5}H${to}` }), svg("text", { class: "sight-text", x: left, y: 12 }, text)];
}
