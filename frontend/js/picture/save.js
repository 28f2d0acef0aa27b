/** A ladder saved as a file: the drawing itself, or a picture of it. */
import { clock, longTime, zoneName } from "../times.js";
import { HEAD } from "../words/call.js";
import { ladderDrawing } from "./drawing.js";
import { plain } from "../ladder/plain.js";
import { MOST_PIXELS, MOST_PNG_ROWS } from "./most.js";

/** @typedef {import("../ladder/ladder.js").Ladder} Ladder */

/** Sharp on dense screens, where the height allows it. */
const SCALE = 2;

const LONGEST_NAME = 80;

/** @typedef {"svg" | "png"} Kind */

/** @param {Kind} kind @param {Ladder} ladder @param {{callId: string, heading: string, theme: import("./drawing.js").Theme}} about @returns {Promise<string>} what to say of it; rejects where the browser cannot draw it */
export async function savePicture(kind, ladder, { callId, heading, theme }) {
  if (kind === "png" && ladder.rows.length > MOST_PNG_ROWS) return HEAD.tooLong(ladder.rows.length, MOST_PNG_ROWS);
  const begin = ladder.flow.arrows[0]?.time;
  const end = ladder.flow.arrows.at(-1)?.time;
  const lines = [plain(callId), begin ? `${longTime(begin)} – ${clock(end ?? begin)}` : "", zoneName(), HEAD.drawn(ladder.sequence.arrows.length, ladder.flow.arrows.length)];
  const drawing = ladderDrawing(ladder, { heading, lines: lines.filter(Boolean) }, theme);
  const text = new XMLSerializer().serializeToString(drawing);
  const vector = new Blob([`<?xml version="1.0" encoding="UTF-8"?>\n${text}\n`], { type: "image/svg+xml" });
  const file = kind === "svg" ? vector : await rastered(vector, drawing.width.baseVal.value, drawing.height.baseVal.value);
  const name = `${fileName(callId)}.${kind}`;
  download(file, name);
  return HEAD.saved(name);
}

/** A name that every file system takes. @param {string} callId */
function fileName(callId) {
  const safe = callId.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._]+|[._]+$/g, "").slice(0, LONGEST_NAME);
  return `ladder-${safe || "call"}`;
}

/** @param {Blob} vector @param {number} width @param {number} height @returns {Promise<Blob>} */
async function rastered(vector, width, height) {
  const address = URL.createObjectURL(vector);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(SCALE, MOST_PIXELS / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new DOMException("the canvas gave no picture"))), "image/png");
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @param {Blob} file @param {string} name */
function download(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The download has begun by then; the address would otherwise hold the file in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
