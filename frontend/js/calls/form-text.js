/**
 * The filters of a field as one line of the form: values with commas between them, as in links (`*`
 * stands for anything, a leading `!` leaves out). What holds a comma or a quote, or begins or ends
 * with a blank, stands in quotes, where a quote is written twice.
 */
import { fromParameter, toParameter } from "./filter.js";

/** @typedef {import("./filter.js").Filter} Filter */

/** A value with the comma before it: quoted, or up to the next comma. */
const PIECE = /(^|,)\s*(!?)\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))/g;

/** @param {readonly Filter[]} filters of any fields @param {string} field */
export const formText = (filters, field) => filters.filter((one) => one.field === field).map(pieceText).join(", ");

/** Return a filter as it stands in its line. @param {Filter} filter */
export function pieceText(filter) {
  const text = toParameter(filter);
  const value = filter.not ? text.slice(1) : text;
  const needsQuotes = /[,"]/.test(value) || value !== value.trim();
  return `${filter.not ? "!" : ""}${needsQuotes ? `"${value.replaceAll('"', '""')}"` : value}`;
}

/** Return the filters that a line of the form means. @param {string} field @param {string} text @returns {Filter[]} */
export function readForm(field, text) {
  return [...text.matchAll(PIECE)].flatMap(([, , not = "", quoted, plain]) => {
    const value = quoted === undefined ? (plain ?? "").trim() : quoted.replaceAll('""', '"');
    return value ? [fromParameter(field, `${not}${value}`)] : [];
  });
}

/** Return where the value begins that is being typed at the end of a line. @param {string} text */
export function lastPiece(text) {
  const last = [...text.matchAll(PIECE)].at(-1);
  return last ? last.index + (last[1] ?? "").length : 0;
}
