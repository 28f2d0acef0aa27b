/** The zones that can be chosen, and those that fit what somebody types. */
import { BROWSER, isZone } from "../zone.js";

/** Browsers list one name for each zone; these regions find the others, as Kolkata for Calcutta. */
const REGIONS = ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/** Return the choices that fit: all words are in the name. @param {string} typed @returns {import("../zone.js").Choice[]} */
export function zonesLike(typed) {
  const words = typed.trim().toLowerCase().replaceAll("_", " ").split(/\s+/).filter(Boolean);
  const all = [BROWSER, "UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
  const found = all.filter((name) => words.every((word) => name.toLowerCase().replaceAll("_", " ").includes(word)));
  return found.length ? found : otherNames(words);
}

/** `UTC+05:30` @param {string} zone @param {number} ms since the epoch */
export function offsetIn(zone, ms) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(ms);
  return parts.find(({ type }) => type === "timeZoneName")?.value.replace("GMT", "UTC") ?? "";
}

/** @param {string[]} words */
function otherNames(words) {
  const place = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join("_");
  return [place, ...REGIONS.map((region) => `${region}/${place}`)].filter((name) => name.includes("/") && isZone(name));
}
