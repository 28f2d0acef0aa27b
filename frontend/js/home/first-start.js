/**
 * What stands in for every screen until something is stored: where hepscope listens, what came
 * there, the lines to paste, and how far a packet gets. It looks again by itself while it is shown.
 */
import { Problem } from "../api.js";
import { based } from "../base.js";
import { h } from "../dom.js";
import { glyph } from "../glyphs.js";
import { clock } from "../times.js";
import { FIRST_START, LISTENERS } from "../words/home.js";
import { hopOf, hopStrip, loadHops } from "./hops.js";
import { listenerTable } from "./listeners.js";
import { hostOf, listenersOf, portsOf } from "./place.js";
import { poll } from "./poll.js";
import { refusedOf, refusedTable } from "./refused.js";
import { SenderTabs } from "./sender-tabs.js";
import { demoLine } from "./senders.js";

/** @typedef {import("./hops.js").Hops} Hops */

/** Told on the element once something is stored; whoever shows it asks anew. */
export const ARRIVED = "arrived";

class FirstStart {
  #typed = "";

  /** @param {Hops} hops */
  constructor(hops) {
    this.hops = hops;
    this.title = h("h2");
    this.text = h("p");
    this.listeners = h("div", { class: "listener-box", tabindex: 0, role: "region", "aria-label": LISTENERS.label });
    this.refused = h("div");
    this.host = h("input", { name: "host", autocomplete: "off", spellcheck: "false", input: () => { this.#typed = this.host.value.trim(); this.#lines(); } });
    this.portNote = h("p", { class: "quiet" });
    this.tabs = new SenderTabs();
    this.demo = h("code");
    this.strip = h("div");
    this.looked = h("span", { class: "quiet" }, FIRST_START.waiting);
    this.element = h("section", { class: "first-start", "aria-label": FIRST_START.label },
      h("div", { role: "status" }, this.title, this.text), this.refused, this.listeners, h("label", { class: "first-host" }, FIRST_START.host, this.host), this.portNote, this.tabs.element,
      h("p", { class: "first-demo" }, FIRST_START.demo, " ", this.demo), this.strip, h("p", { class: "first-looked" }, glyph("in-progress"), " ", this.looked));
    this.show(hops);
  }

  /** Show what is known now; what stays the same is left alone. @param {Hops} hops */
  show(hops) {
    const before = JSON.stringify(this.hops);
    this.hops = hops;
    if (this.strip.hasChildNodes() && before === JSON.stringify(hops)) return;
    const listeners = listenersOf(hops);
    const isRefused = hopOf(hops.items, "admission")?.state === "broken" || refusedOf(hops).length > 0;
    const living = hops.ingests.find((one) => one.is_living);
    setText(this.title, isRefused ? FIRST_START.refused : FIRST_START.nothing);
    setText(this.text, isRefused ? `${capital(hopOf(hops.items, "admission")?.detail ?? "")}.`
      : `${living ? FIRST_START.since(clock(living.started_at).slice(0, 8)) : FIRST_START.unknown} ${FIRST_START.point}`);
    this.refused.replaceChildren(...(isRefused ? [refusedTable(hops), h("p", {}, h("a", { href: based("/nodes") }, FIRST_START.who))] : []));
    this.listeners.replaceChildren(listenerTable(listeners));
    setText(this.portNote, listeners ? "" : FIRST_START.usualPort);
    if (!this.#typed) this.host.value = hostOf(hops, location.hostname);
    const wasOpen = this.strip.querySelector("details")?.open ?? false;
    this.strip.replaceChildren(hopStrip(hops.items, wasOpen));
    this.#lines();
  }

  /** @param {string} words */
  told(words) {
    setText(this.looked, words);
  }

  #lines() {
    const ports = portsOf(listenersOf(this.hops));
    const host = this.#typed || hostOf(this.hops, location.hostname);
    this.tabs.show(host, ports);
    setText(this.demo, ports.tcp === null ? "make demo" : demoLine(host, ports.tcp, `${location.origin}${based("")}`));
  }
}

/** Return the card; it lives as long as it is part of the page. @param {Hops} hops @returns {HTMLElement} */
export function firstStart(hops) {
  const card = new FirstStart(hops);
  void poll(card.element, {
    look: loadHops,
    seen: (found) => {
      card.show(found);
      card.told(FIRST_START.looked(0));
      if (hopOf(found.items, "newest")?.state === "ok") card.element.dispatchEvent(new CustomEvent(ARRIVED, { bubbles: true }));
    },
    failed: (error) => card.told(FIRST_START.failed(error instanceof Problem ? error.title : String(error))),
    tick: (seconds) => card.told(FIRST_START.looked(seconds)),
  });
  return card.element;
}

/** @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
