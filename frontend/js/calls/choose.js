/** What a click on a value does to a search: outcomes of the legend, values of the rail, cells. */
import { filtersOf, withFilters } from "./query.js";

/** @typedef {import("../address.js").Values} Values */

/**
 * Return the search with a value kept or left out; without it where it was so already. Several
 * values of a field are kept together.
 * @param {Values} values @param {string} field @param {string} pattern @param {boolean} not @returns {Values}
 */
export function choosing(values, field, pattern, not) {
  const filters = filtersOf(values);
  const others = filters.filter((one) => one.field !== field || one.value !== pattern);
  const was = filters.find((one) => one.field === field && one.value === pattern);
  return withFilters(values, was?.not === not ? others : [...others, { field, value: pattern, not }]);
}
