/** The grid of calls with its columns: chosen and kept, on a phone two lines a row. */
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { chosenGrid } from "../grid/chosen.js";
import { outcomeOf } from "../outcome.js";
import { go } from "../router.js";
import { COLUMNS, GRID, OUTCOME_NAMES, SCREEN } from "../words/calls.js";
import { NARROW, USUAL, addressOfCall, callColumns } from "./columns.js";

/** @typedef {import("../api.js").Call} Call */

/**
 * @param {{nowMs: () => number, isOldestFirst: () => boolean, turn: () => void, selected: (call: Call | null) => void, ticked: () => void, near: (left: number) => void}} options
 */
export function callGrid({ nowMs, isOldestFirst, turn, selected, ticked, near }) {
  const timeHead = () => {
    const isOldest = isOldestFirst();
    return h("button", { type: "button", class: "order", title: SCREEN.order(isOldest), click: turn }, `${COLUMNS.time} ${isOldest ? "↑" : "↓"}`);
  };
  return chosenGrid({
    kept: "calls.columns", make: () => callColumns(nowMs(), timeHead), usual: USUAL, narrow: NARROW,
    label: GRID.label, look: "calls-grid", mark: GRID.mark, selected, ticked, near,
    keyOf: (/** @type {Call} */ call) => `${call.started_at} ${call.call_id}`, hrefOf: (call) => addressOfCall(call, nowMs()), open: (call) => go(addressOfCall(call, nowMs())),
    markOf: (call) => [glyph(outcomeOf(call)), h("span", { class: "out-of-sight" }, OUTCOME_NAMES[call.outcome])],
  });
}
