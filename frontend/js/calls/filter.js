/**
 * Filters: a field, a value that may hold `*`, and whether it is excluded. In links and in
 * questions to the API a filter is a parameter named as its field; a leading `!` excludes.
 */

/** @typedef {Readonly<{field: string, value: string, not: boolean}>} Filter */

/** Return the filter that a parameter is. @param {string} field @param {string} text @returns {Filter} */
export function fromParameter(field, text) {
  if (text.startsWith("!")) return Object.freeze({ field, value: text.slice(1), not: true });
  return Object.freeze({ field, value: text.startsWith("\\!") ? text.slice(1) : text, not: false });
}

/** Return the value of the parameter that a filter is. @param {Filter} filter */
export function toParameter({ value, not }) {
  if (not) return `!${value}`;
  return value.startsWith("!") ? `\\${value}` : value;
}

/** Return a filter as it is typed. @param {Filter} filter */
export const typedText = ({ field, value, not }) => `${field} ${not ? "!=" : "="} ${value}`;

/** Return the pattern that means this text and nothing else. @param {string} text */
export const literal = (text) => text.replaceAll(/[\\*]/g, "\\$&");

/** Return the value of a parameter that means this text and nothing else. @param {string} text */
export const exactly = (text) => toParameter({ field: "", value: literal(text), not: false });

/** @param {Filter} one @param {Filter} other */
const isSameFilter = (one, other) => one.field === other.field && one.value === other.value && one.not === other.not;

/** Return filters with one more; it is there once, and never beside its opposite. @param {readonly Filter[]} filters @param {Filter} filter @returns {Filter[]} */
export function withFilter(filters, filter) {
  return [...filters.filter((one) => one.field !== filter.field || one.value !== filter.value), filter];
}

/** @param {readonly Filter[]} filters @param {Filter} filter @returns {Filter[]} */
export const withoutFilter = (filters, filter) => filters.filter((one) => !isSameFilter(one, filter));
