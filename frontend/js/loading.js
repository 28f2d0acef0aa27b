/**
 * One request at a time for one place of the screen. Quick answers show nothing in between;
 * after 150 ms grey rows come, after 2 s words and a way to stop, Escape too. A newer request, or leaving
 * the screen, ends the older one.
 */
import { h } from "./dom.js";
import { onEscape } from "./keys.js";
import { skeleton, stateCard } from "./states.js";
import { STATE_WORDS as WORDS } from "./words/states.js";

const QUIET_MS = 150;
const SLOW_MS = 2000;

/** @typedef {{place: HTMLElement, what: string, load: (signal: AbortSignal) => Promise<void>, failed: (error: unknown) => void, stopped: () => void}} Work */

export class Loader {
  /** @type {AbortController | null} */
  #running = null;

  /** Whether an answer is waited for: who asks for the same again has asked already. */
  get isRunning() {
    return this.#running !== null && !this.#running.signal.aborted;
  }

  /** Run some work; what it shows it puts into its place itself. @param {Work} work */
  async run({ place, what, load, failed, stopped }) {
    this.leave();
    const control = new AbortController();
    this.#running = control;
    const waiting = new Waiting(place, what, () => { control.abort(); stopped(); });
    // Leaving must end what the wait shows, whoever caused it.
    control.signal.addEventListener("abort", () => waiting.end());
    try {
      await load(control.signal);
      waiting.end();
      // What an earlier failure dimmed may have been filled anew where it stands.
      for (const one of place.children) one.classList.remove("dimmed");
    } catch (error) {
      waiting.end();
      if (!control.signal.aborted) failed(error);
    }
    if (this.#running === control) this.#running = null;
  }

  /** End what is under way, without a word. */
  leave() {
    this.#running?.abort();
    this.#running = null;
  }
}

/** What a place shows while it waits; old content stays, dimmed. */
class Waiting {
  /** @param {HTMLElement} place @param {string} what @param {() => void} stop */
  constructor(place, what, stop) {
    const began = performance.now();
    const words = h("h2");
    const slow = stateCard({ look: "in-progress", title: "", text: [WORDS.endsItself], steps: [{ label: WORDS.stop, run: stop, first: true, key: "Escape" }] });
    slow.querySelector("h2")?.replaceWith(words);
    slow.classList.add("above");
    const grey = skeleton(WORDS.waiting(what));
    const old = /** @type {HTMLElement[]} */ ([...place.children]);
    this.place = place;
    this.shown = [grey, slow];
    this.old = old.filter((one) => !one.classList.contains("dimmed"));
    this.letGo = () => {};
    this.hasEnded = false;
    this.timers = [
      setTimeout(() => (old.length ? old.forEach((one) => one.classList.add("dimmed")) : place.prepend(grey)), QUIET_MS),
      setTimeout(() => {
        place.prepend(slow);
        this.letGo = onEscape(stop);
      }, SLOW_MS),
      setInterval(() => { words.textContent = WORDS.still(what, ((performance.now() - began) / 1000).toFixed(1)); }, 100),
    ];
    place.setAttribute("aria-busy", "true");
  }

  end() {
    // An aborted request says so later, when the place waits for a newer one already.
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.timers.forEach((timer) => clearTimeout(timer));
    this.letGo();
    this.shown.forEach((one) => one.remove());
    this.old.forEach((one) => one.classList.remove("dimmed"));
    this.place.removeAttribute("aria-busy");
  }
}
