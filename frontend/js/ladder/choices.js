/**
 * What a reader chose of a ladder: what is hidden, how hosts are made to columns, which time is
 * shown. All of it stands in the URL; a list there is joined by commas, its items encoded.
 */

/** @typedef {"offset" | "absolute" | "delta"} TimeMode */
/** @typedef {"host" | "address" | "node"} Grouping */
/**
 * @typedef {object} Choices
 * @property {TimeMode} time
 * @property {Grouping} group
 * @property {ReadonlySet<string>} ports addresses whose ports are split, or joined where all are split
 * @property {ReadonlySet<string>} without keys of columns that are hidden
 * @property {readonly string[]} order keys of columns that were moved, from the left
 * @property {boolean} addresses whether hosts are called by their address
 * @property {ReadonlySet<string>} legs empty for all
 * @property {boolean} hides100
 * @property {boolean} hidesResends
 * @property {boolean} hidesOthers what is no SIP
 * @property {boolean} onlySdp
 * @property {boolean} showsReports whether each RTCP report is a row
 * @property {ReadonlySet<string>} open what is unfolded: number of the first message of a fold, or of a message with copies
 */

/** @type {readonly TimeMode[]} */
export const TIMES = Object.freeze(["offset", "absolute", "delta"]);

/** @type {readonly Grouping[]} */
const GROUPINGS = Object.freeze(["host", "address", "node"]);

const HIDEABLE = ["100", "resend", "other"];

/** @type {Record<string, import("../address.js").Parameter>} */
export const LADDER_PARAMETERS = Object.freeze({
  time: { fallback: "offset", check: (text) => TIMES.some((one) => one === text) },
  legs: { fallback: "", check: (text) => /^[A-Z]{1,2}(,[A-Z]{1,2})*$/.test(text) },
  hide: { fallback: "", check: (text) => text.split(",").every((one) => HIDEABLE.includes(one)) },
  only: { fallback: "", check: (text) => text === "sdp" },
  rtcp: { fallback: "", check: (text) => text === "on" },
  group: { fallback: "host", check: (text) => GROUPINGS.some((one) => one === text) },
  ports: { fallback: "" },
  without: { fallback: "" },
  order: { fallback: "" },
  names: { fallback: "", check: (text) => text === "address" },
  open: { fallback: "", check: (text) => /^\d{1,6}(,\d{1,6})*$/.test(text) },
});

/** @param {import("../address.js").Values} values @returns {Choices} */
export function readChoices(values) {
  const hide = new Set(listOf(values["hide"]));
  return Object.freeze({
    time: /** @type {TimeMode} */ (values["time"]), group: /** @type {Grouping} */ (values["group"]),
    ports: new Set(listOf(values["ports"])), without: new Set(listOf(values["without"])), order: listOf(values["order"]),
    addresses: values["names"] === "address", legs: new Set(listOf(values["legs"])),
    hides100: hide.has("100"), hidesResends: hide.has("resend"), hidesOthers: hide.has("other"), onlySdp: values["only"] === "sdp",
    showsReports: values["rtcp"] === "on",
    open: new Set(listOf(values["open"])),
  });
}

/** @param {string | undefined} text */
const listOf = (text) => (text ? text.split(",").map(decoded) : []);

/** @param {Iterable<string>} items */
export const listText = (items) => [...items].map(encodeURIComponent).join(",");

/** The list with an item more, or without it where it was in. @param {Iterable<string>} items @param {string} item */
export function toggled(items, item) {
  const all = new Set(items);
  if (!all.delete(item)) all.add(item);
  return listText(all);
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
