/**
 * The connection to `GET live`: it is made again when it breaks, from the last event on, and is
 * taken for broken when not even a heartbeat comes.
 */
import { API, Problem, pauseOf } from "../api.js";
import { hearClock } from "../clock.js";
import { STATE_WORDS } from "../words/states.js";
import { readEvents } from "./events.js";

/** @typedef {"connecting" | "live" | "lost" | "refused"} LinkState */
/** @typedef {{state: (state: LinkState, problem?: Problem) => void, event: (name: string, data: any, id: string) => void}} Hearer */

/** Heartbeats come each 10 s. */
const SILENCE_MS = 25_000;
const RETRY_MS = [1000, 2000, 4000, 8000];

export class Feed {
  /** @type {AbortController | null} */
  #control = null;
  #timer = 0;
  #failures = 0;
  /** The last event that everything before was heard of. */
  lastId = "";

  /** @param {URLSearchParams} query @param {Hearer} hearer */
  constructor(query, hearer) {
    this.address = query.size ? `${API}/live?${query}` : `${API}/live`;
    this.hearer = hearer;
  }

  /** Connect, now. */
  start() {
    this.stop();
    const control = new AbortController();
    this.#control = control;
    this.hearer.state("connecting");
    this.#follow(control).then(() => this.#broken(control), (error) => this.#broken(control, error));
  }

  /** Hear no more. */
  stop() {
    clearTimeout(this.#timer);
    this.#control?.abort();
    this.#control = null;
  }

  /** @param {AbortController} control */
  async #follow(control) {
    const alive = () => {
      // What was under way when a newer connection took over says nothing of that one.
      if (control !== this.#control) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => control.abort(), SILENCE_MS);
    };
    alive();
    const askedMs = performance.now();
    const response = await fetch(this.address, {
      headers: { Accept: "text/event-stream", ...(this.lastId && { "Last-Event-ID": this.lastId }) }, signal: control.signal,
    });
    hearClock(response, askedMs);
    if (!isStream(response) || !response.body) throw await problemOf(response, this.address);
    await readEvents(response.body, ({ name, id, data }) => {
      if (control !== this.#control) return;
      if (id) this.lastId = id;
      if (name !== "trouble") {
        this.#failures = 0;
        this.hearer.state("live");
      }
      this.hearer.event(name, JSON.parse(data), id);
    }, alive);
  }

  /** @param {AbortController} control @param {unknown} [error] */
  #broken(control, error) {
    // Ended by us.
    if (control !== this.#control) return;
    clearTimeout(this.#timer);
    // After an event that cannot be read the connection still stands.
    control.abort();
    // A proxy that is asked too often (429) lets us in again after a while.
    if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) {
      this.#control = null;
      this.hearer.state("refused", error);
      return;
    }
    this.hearer.state("lost", error instanceof Problem ? error : undefined);
    const pauseMs = error instanceof Problem ? error.pauseS * 1000 : 0;
    const wait = Math.max(pauseMs, RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 0);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.start(), wait);
  }
}

/** A page to sign in is a success, too, but no stream. @param {Response} response */
const isStream = (response) => response.ok && (response.headers.get("Content-Type") ?? "").startsWith("text/event-stream");

/** @param {Response} response @param {string} address */
async function problemOf(response, address) {
  const body = await response.json().catch(() => null);
  const [title, detail] = response.ok ? [STATE_WORDS.notTheApi, STATE_WORDS.notTheApiDetail] : [String(body?.title ?? response.statusText), String(body?.detail ?? "")];
  return new Problem(response.status, title, detail, `GET ${address}`, pauseOf(response));
}
