/**
 * A panel that opens below a control: links and buttons, walked by the arrow keys. Escape and a
 * press elsewhere close it (the popover of the browser), and the control has the focus again.
 */
import { h } from "../dom.js";
import { placeNear } from "../near.js";

/** @typedef {{label: string, run?: () => void, href?: string, download?: boolean, name?: string, checked?: boolean, hint?: string, note?: string}} Entry `checked` of a choice; `name` where the label alone says too little */

/** @param {HTMLElement} control @param {string} label @param {(Entry | string | HTMLElement | null | false)[]} entries a text is a heading */
export function openPopup(control, label, entries) {
  const panel = h("div", { class: "popup", popover: "auto", role: "group", "aria-label": label, keydown: (/** @type {KeyboardEvent} */ event) => walked(event, panel, close) });
  const close = () => { panel.hidePopover(); control.focus(); };
  panel.append(...entries.flatMap((entry) => {
    if (!entry) return [];
    if (typeof entry === "string") return [h("p", { class: "popup-head" }, entry)];
    return [entry instanceof HTMLElement ? entry : entryControl(entry, close)];
  }));
  panel.addEventListener("toggle", (event) => {
    if (!(event instanceof ToggleEvent) || event.newState === "open") return;
    control.setAttribute("aria-expanded", "false");
    panel.remove();
  });
  (control.parentElement ?? document.body).append(panel);
  panel.showPopover();
  control.setAttribute("aria-expanded", "true");
  placeNear(panel, control);
  const first = panel.querySelector("a, button, input");
  if (first instanceof HTMLElement) first.focus();
}

/** @param {Entry} entry @param {() => void} close */
function entryControl({ label, run, href, download, name, checked, hint, note }, close) {
  // A longer name is read in the place of the label; what is seen beside it is read behind it.
  const words = [name && h("span", { class: "out-of-sight" }, name), h("span", { class: "popup-label", "aria-hidden": name && "true" }, label), " ", note && h("span", { class: "quiet" }, note), hint && h("kbd", {}, hint)];
  if (href) return h("a", { href, download, click: () => setTimeout(close) }, ...words);
  const isChoice = checked !== undefined;
  return h("button", { type: "button", "aria-pressed": isChoice && String(checked), click: () => { close(); run?.(); } },
    isChoice && h("span", { class: "popup-tick", "aria-hidden": "true" }, checked ? "✓" : ""), ...words);
}

/** @param {KeyboardEvent} event @param {HTMLElement} panel @param {() => void} close */
function walked(event, panel, close) {
  if (event.key === "Escape") {
    event.preventDefault();
    close();
    return;
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const all = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll("a, button")]);
  all[(all.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by + all.length) % all.length]?.focus();
}

/** Return a button that opens a panel. @param {string} label @param {string} look @param {() => (Entry | string | HTMLElement | null | false)[]} entries */
export function popupButton(label, look, entries) {
  const button = h("button", { type: "button", class: look, "aria-haspopup": "true", "aria-expanded": "false", click: () => openPopup(button, label, entries()) }, label, h("span", { class: "caret", "aria-hidden": "true" }, "⌄"));
  return button;
}
