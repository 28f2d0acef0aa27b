/** Messages by their id, with what was on the wire; a message never changes, so each is asked for once. */
import { API, get } from "../api.js";

/** @typedef {import("../api.js").Message} Message */

const KEPT = 200;

export class MessageStore {
  /** @type {Map<string, Message>} */
  #kept = new Map();

  /** @param {string} id @returns {Message | undefined} */
  known(id) {
    return this.#kept.get(id);
  }

  /** @param {string} id @param {AbortSignal} signal @returns {Promise<Message>} */
  async load(id, signal) {
    const known = this.#kept.get(id);
    if (known) return known;
    const message = await get(`${API}/messages/${encodeURIComponent(id)}`, new URLSearchParams({ include: "payload" }), signal);
    if (this.#kept.size >= KEPT) this.#kept.clear();
    this.#kept.set(id, message);
    return message;
  }
}

/** The bytes of a payload, as far as the API told them. @param {Message} message */
function payloadBytes({ payload, payload_base64: encoded }) {
  if (payload !== undefined && payload !== null) return new TextEncoder().encode(payload);
  return Uint8Array.from(atob(encoded ?? ""), (character) => character.charCodeAt(0));
}

/** The text of a payload; bytes that are no UTF-8 become U+FFFD. @param {Message} message */
export const payloadText = (message) => message.payload ?? new TextDecoder().decode(payloadBytes(message));

/** A character for each byte, so that a body that is no text can be taken apart. @param {Message} message */
export const payloadLatin = (message) => (message.payload_base64 ? atob(message.payload_base64) : null);
