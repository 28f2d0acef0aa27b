/** The edge of the message: dragged, or moved by arrow keys; how wide it was is kept. */
import { h } from "../dom.js";
import { keep, kept } from "../kept.js";
import { MESSAGE } from "../words/call.js";

const NAME = "call.message-width";
const USUAL = 396;
const LEAST = 280;
const STEP = 24;

/** What the ladder keeps in any case. */
const LADDER = 360;

/** @param {HTMLElement} body what holds ladder and message; gets `--message` */
export function splitter(body) {
  const most = () => Math.max(LEAST, body.clientWidth - LADDER);
  const edge = h("div", { class: "splitter", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": MESSAGE.width, "aria-valuemin": LEAST, "aria-valuemax": 1600 });
  /** @param {number} width @param {boolean} isChosen */
  const set = (width, isChosen) => {
    const wide = Math.round(Math.min(Math.max(width, LEAST), isChosen ? most() : width));
    body.style.setProperty("--message", `${wide}px`);
    edge.setAttribute("aria-valuenow", String(wide));
    if (isChosen) keep(NAME, wide);
  };
  set(kept(NAME, USUAL), false);
  edge.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
    if (event.key === "Home") set(USUAL, true);
    else if (by) set(kept(NAME, USUAL) + by, true);
    else return;
    event.preventDefault();
  });
  edge.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    const right = body.getBoundingClientRect().right;
    edge.onpointermove = (at) => set(right - at.clientX, true);
    edge.onpointerup = () => { edge.onpointermove = null; };
  });
  return edge;
}
