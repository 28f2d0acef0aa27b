/** Whether no message comes because none is stored: asked of the way of a packet, when it is quiet for long. */
import { hopsSentence, loadHops } from "../home/hops.js";
import { LINK } from "../words/live.js";

/** A hop that breaks is known after half a minute. */
const QUIET_MS = 30_000;
const AGAIN_MS = 15_000;

export class Silence {
  #dueMs = performance.now() + QUIET_MS;
  #control = new AbortController();

  /** @param {(text: string) => void} say why nothing comes, "" when that is over */
  constructor(say) {
    this.say = say;
  }

  /** So many messages came in the last second. @param {number} count */
  heard(count) {
    const nowMs = performance.now();
    if (count) {
      this.#dueMs = nowMs + QUIET_MS;
      this.say("");
    } else if (nowMs >= this.#dueMs) {
      this.#dueMs = nowMs + AGAIN_MS;
      void this.#ask();
    }
  }

  leave() {
    this.#control.abort();
  }

  async #ask() {
    const { signal } = this.#control;
    try {
      const { items } = await loadHops(signal);
      const broken = items.find(({ state }) => state === "broken");
      if (!signal.aborted) this.say(broken ? LINK.nothingComes(hopsSentence(items), [broken.detail, broken.do].filter(Boolean).join(". ")) : "");
    } catch {
      // The stream itself tells what is wrong with the API or the database.
    }
  }
}
