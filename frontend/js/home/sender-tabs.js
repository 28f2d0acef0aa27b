/** Tabs with the lines to paste, one for each kind of sender (WAI-ARIA tabs, manual focus by arrows). */
import { copyText } from "../copy.js";
import { h } from "../dom.js";
import { keep, kept } from "../kept.js";
import { FIRST_START, SENDERS } from "../words/home.js";
import { SENDER_LIST } from "./senders.js";

/** @typedef {import("./place.js").Ports} Ports */

const CHOICE = "home.sender";

export class SenderTabs {
  #host = "";
  /** @type {Ports | null} */
  #ports = null;

  constructor() {
    this.panels = new Map(SENDER_LIST.map((sender) => [sender.name, panelOf(sender.name)]));
    this.tabs = SENDER_LIST.map(({ name, title }) => h("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `lines-${name}`, class: "flat", click: () => this.choose(name) }, title));
    this.list = h("div", { class: "sender-tabs", role: "tablist", "aria-label": FIRST_START.senders, keydown: (/** @type {KeyboardEvent} */ event) => this.#step(event) }, ...this.tabs);
    this.element = h("div", { class: "senders" }, this.list, ...[...this.panels.values()].map(({ element }) => element));
    const choice = kept(CHOICE, "kamailio");
    this.choose(this.panels.has(choice) ? choice : "kamailio");
  }

  /** Write the lines for a place; nothing is touched that stays the same. @param {string} host @param {Ports} ports */
  show(host, ports) {
    const same = this.#ports !== null && host === this.#host && Object.entries(ports).every(([name, port]) => this.#ports?.[/** @type {keyof Ports} */ (name)] === port);
    if (same) return;
    [this.#host, this.#ports] = [host, ports];
    for (const { name, needs, lines } of SENDER_LIST) {
      const port = ports[needs];
      this.panels.get(name)?.show(port === null ? SENDERS.off(needs) : lines(host, port), port !== null);
    }
  }

  /** @param {string} chosen */
  choose(chosen) {
    SENDER_LIST.forEach(({ name }, at) => {
      const isChosen = name === chosen;
      this.tabs[at]?.setAttribute("aria-selected", String(isChosen));
      this.tabs[at]?.setAttribute("tabindex", isChosen ? "0" : "-1");
      const panel = this.panels.get(name);
      if (panel) panel.element.hidden = !isChosen;
    });
    keep(CHOICE, chosen);
  }

  /** @param {KeyboardEvent} event */
  #step(event) {
    const at = this.tabs.findIndex((tab) => tab === document.activeElement);
    const last = this.tabs.length - 1;
    const to = /** @type {Record<string, number>} */ ({ ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last })[event.key];
    const sender = to === undefined ? undefined : SENDER_LIST[to];
    if (at < 0 || to === undefined || !sender) return;
    event.preventDefault();
    this.choose(sender.name);
    this.tabs[to]?.focus();
  }
}

/** @param {string} name */
function panelOf(name) {
  const code = h("pre", { tabindex: 0 });
  const said = h("span", { class: "quiet", role: "status" });
  const copy = h("button", { type: "button", click: async () => {
    said.textContent = (await copyText(code.textContent ?? "")) ? FIRST_START.copied : FIRST_START.notCopied;
  } }, FIRST_START.copy);
  const where = SENDERS[/** @type {keyof typeof SENDERS} */ (name)];
  const element = h("div", { class: "sender-lines", role: "tabpanel", id: `lines-${name}`, "aria-labelledby": `tab-${name}` },
    h("div", { class: "sender-where" }, h("span", { class: "quiet" }, typeof where === "string" ? where : ""), said, copy), code);
  return {
    element,
    /** @param {string} text @param {boolean} isLines */
    show: (text, isLines) => { [code.textContent, copy.hidden, said.textContent] = [text, !isLines, ""]; },
  };
}
