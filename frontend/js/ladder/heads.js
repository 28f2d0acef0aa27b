/**
 * The hosts above a ladder: a box each, which opens a menu and can be moved, by drag or by Shift
 * and an arrow key. They are one stop of the Tab key.
 */
import { h } from "../dom.js";
import { CALL } from "../words/call.js";
import { visibleText } from "../message/unseen.js";

/** @typedef {import("./hosts.js").Party} Party */
/** @typedef {import("./columns.js").Columns} Columns */
/** @typedef {{menu: (box: HTMLElement, party: Party, index: number) => void, move: (party: Party, to: number) => void}} Moves */

const WIDEST = 150;
const NARROW_GAP = 4;
const GAP = 8;

/** A press that goes so far, in pixels, is a drag. */
const DRAG = 6;

/** @param {Party[]} parties @param {Columns} columns @param {Moves} moves */
export function hostBoxes(parties, columns, moves) {
  const isMixed = parties.some(({ isNamed }) => isNamed);
  const width = Math.min(columns.step - (columns.narrow ? NARROW_GAP : GAP), WIDEST, 2 * columns.side - 2);
  return parties.map((party, index) => {
    const isStranger = isMixed && isUnknown(party);
    const second = secondLine(party, isStranger);
    const title = [party.name, party.address, party.agent, party.nodes.length ? CALL.capturedAt(party.nodes.join(", ")) : ""].filter(Boolean);
    const box = h("button", {
      type: "button", class: isStranger ? "host stranger" : "host", title: visibleText([...new Set(title)].join("\n")), tabindex: index ? -1 : 0, "data-key": party.key,
      "aria-haspopup": "true", "aria-label": CALL.hostName(party.name, second, index + 1, parties.length),
      click: () => moves.menu(box, party, index),
      keydown: (/** @type {KeyboardEvent} */ event) => pressed(event, box, party, index, moves),
      pointerdown: (/** @type {PointerEvent} */ event) => dragged(event, box, columns, (to) => moves.move(party, to)),
    // Where it is too wide, the end of an address tells more than its beginning.
    }, h("b", { class: party.name === party.address && "host-place" }, h("bdi", { dir: "ltr" }, visibleText(party.name))), " ",
      h("span", { class: second === party.address && "host-place" }, h("bdi", { dir: "ltr" }, visibleText(second))));
    box.style.left = `${(columns.middles[index] ?? 0) - width / 2}px`;
    box.style.width = `${width}px`;
    return box;
  });
}

/** What stands above numbers and times. @param {import("./choices.js").TimeMode} time @param {() => void} turn */
export const gutterHead = (time, turn) => h("div", { class: "gutter-head" }, h("span", { class: "number" }, "#"), h("button", { type: "button", click: turn, title: CALL.timeTitles[time] }, CALL.timeNames[time]));

/** @param {Party[]} parties @param {Columns} columns */
export function lifelines(parties, { middles }) {
  const isMixed = parties.some(({ isNamed }) => isNamed);
  return middles.map((x, index) => {
    const line = h("div", { class: isMixed && isUnknown(parties[index]) ? "lifeline stranger" : "lifeline" });
    line.style.left = `${x}px`;
    return line;
  });
}

/** Whether neither a name nor a message tells what a host is. @param {Party | undefined} party */
const isUnknown = (party) => !party?.isNamed && !party?.agent;

/** @param {Party} party @param {boolean} isStranger */
function secondLine({ isNamed, address, agent, nodes }, isStranger) {
  if (isNamed) return address || CALL.node;
  if (isStranger) return CALL.unknownHost;
  return agent || (nodes.length ? CALL.at(nodes.join(", ")) : CALL.noName);
}

/** @param {KeyboardEvent} event @param {HTMLElement} box @param {Party} party @param {number} index @param {Moves} moves */
function pressed(event, box, party, index, moves) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  if (event.shiftKey) {
    moves.move(party, index + by);
    return;
  }
  const other = by < 0 ? box.previousElementSibling : box.nextElementSibling;
  if (!(other instanceof HTMLElement) || !other.classList.contains("host")) return;
  box.tabIndex = -1;
  other.tabIndex = 0;
  other.focus();
}

/** @param {PointerEvent} event @param {HTMLElement} box @param {Columns} columns @param {(to: number) => void} drop */
function dragged(event, box, { step }, drop) {
  if (event.button || event.pointerType === "touch") return;
  const begin = event.clientX;
  const index = [...(box.parentElement?.querySelectorAll(".host") ?? [])].indexOf(box);
  let isDrag = false;
  const move = (/** @type {PointerEvent} */ at) => {
    const by = at.clientX - begin;
    if (!isDrag && Math.abs(by) < DRAG) return;
    isDrag = true;
    box.classList.add("dragged");
    box.style.transform = `translateX(${by}px)`;
  };
  const end = (/** @type {PointerEvent} */ at) => {
    box.removeEventListener("pointermove", move);
    box.removeEventListener("pointerup", end);
    box.removeEventListener("pointercancel", end);
    box.classList.remove("dragged");
    box.style.transform = "";
    if (!isDrag) return;
    // The click that ends a drag opens no menu.
    box.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
    setTimeout(() => drop(index + Math.round((at.clientX - begin) / step)));
  };
  box.setPointerCapture(event.pointerId);
  box.addEventListener("pointermove", move);
  box.addEventListener("pointerup", end);
  box.addEventListener("pointercancel", end);
}
