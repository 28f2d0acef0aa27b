/** What the address of a call's screen holds, and how it is changed without a step for Back. */
import { writeAddress } from "../address.js";
import { LADDER_PARAMETERS } from "../ladder/choices.js";
import { VIEWS } from "../message/panel.js";
import { noteAddress } from "../router.js";
import { isMoment } from "../times.js";
import { TABS } from "./tabs.js";

/** @param {string} text */
const isNumber = (text) => /^[1-9]\d{0,5}$/.test(text);

/** @type {Record<string, import("../address.js").Parameter>} */
export const PARAMETERS = Object.freeze({
  at: { fallback: "", check: isMoment },
  with: { fallback: "", many: true },
  tab: { fallback: "ladder", check: (text) => TABS.some((tab) => tab === text) },
  msg: { fallback: "", check: isNumber },
  view: { fallback: "text", check: (text) => VIEWS.some((view) => view === text) },
  mark: { fallback: "", check: isNumber },
  cmp: { fallback: "", check: (text) => /^[1-9]\d{0,5},[1-9]\d{0,5}$/.test(text) },
  ...LADDER_PARAMETERS,
  stream: { fallback: "", check: isNumber },
  near: { fallback: "", check: isMoment },
  find: { fallback: "" },
  wrap: { fallback: "on", check: (text) => text === "on" || text === "off" },
});

export class CallState {
  /** @param {import("../address.js").Values} values */
  constructor(values) {
    this.values = values;
  }

  /** @param {string} name */
  get(name) {
    return this.values[name] ?? "";
  }

  /** @param {Record<string, string>} change */
  note(change) {
    this.values = Object.freeze({ ...this.values, ...change });
    noteAddress(this.addressWith({}));
  }

  /** @param {Record<string, string>} change */
  addressWith(change) {
    return `${location.pathname}${writeAddress(PARAMETERS, { ...this.values, ...change })}`;
  }
}
