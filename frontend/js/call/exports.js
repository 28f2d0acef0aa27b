/** What a call can be taken along as: its messages by the API, its ladder as a picture. */
import { callPath } from "../api.js";
import { each } from "../address.js";
import { MOST_PNG_ROWS } from "../picture/most.js";
import { zone } from "../times.js";
import { HEAD } from "../words/call.js";

/**
 * @param {string} callId @param {import("./state.js").CallState} state @param {number} rows of the ladder as it is drawn @param {(kind: import("../picture/save.js").Kind, theme: import("../picture/drawing.js").Theme) => void} draw
 * @returns {(import("./popup.js").Entry | string)[]}
 */
export function exportEntries(callId, state, rows, draw) {
  const formats = /** @type {(keyof typeof HEAD.formats)[]} */ (Object.keys(HEAD.formats));
  const links = formats.map((format) => {
    const query = new URLSearchParams({ format, ...(state.get("at") && { at: state.get("at") }), ...(format === "text" && zone() !== "UTC" && { tz: zone() }) });
    for (const other of each(state.get("with"))) query.append("with", other);
    const label = HEAD.formats[format];
    return { label, name: HEAD.exportAs(label), note: HEAD.formatNotes[format], href: `${callPath(callId)}/export?${query}`, download: true };
  });
  // Told before it is chosen; who chooses it all the same is told what else there is.
  const pngNote = rows > MOST_PNG_ROWS ? HEAD.pngMost(MOST_PNG_ROWS, rows) : HEAD.pngNote;
  return [HEAD.wholeCall, ...links, HEAD.thisLadder,
    { label: HEAD.png, name: HEAD.exportAs(HEAD.png), note: pngNote, run: () => draw("png", "light") },
    { label: HEAD.svg, name: HEAD.exportAs(HEAD.svg), note: HEAD.svgNote, run: () => draw("svg", "light") },
    { label: HEAD.darkPng, name: HEAD.exportAs(HEAD.darkPng), ...(rows > MOST_PNG_ROWS && { note: pngNote }), run: () => draw("png", "dark") },
    { label: HEAD.darkSvg, name: HEAD.exportAs(HEAD.darkSvg), run: () => draw("svg", "dark") }];
}
