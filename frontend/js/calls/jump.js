/** From what is typed to the one call that it names: a Call-ID leads there without a list between. */
import { API, get } from "../api.js";
import { inside } from "../base.js";
import { now } from "../clock.js";
import { EVER } from "../times.js";
import { addressOfCall } from "./columns.js";
import { exactly } from "./filter.js";
import { callIdOf } from "./pasted.js";

/** After so long the search is what the reader wants. */
const PATIENCE_MS = 3000;

/**
 * Return the address of the call that text names by its Call-ID, whatever the range: its own where
 * a link of this page was pasted, as that says what is shown of it. Returns null where the text can
 * be no Call-ID, where no call has it or several do, or the API does not say so soon.
 * @param {string} text @param {AbortSignal} signal @returns {Promise<string | null>}
 */
export async function addressNamed(text, signal) {
  const callId = callIdOf(text);
  if (!callId) return null;
  const query = new URLSearchParams({ call_id: exactly(callId), start: EVER, limit: "2" });
  try {
    const { items } = await get(`${API}/calls`, query, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]));
    if (signal.aborted || items.length !== 1) return null;
    return ownAddress(text) ?? addressOfCall(items[0], now());
  } catch {
    // Then it is a search, which tells what is wrong.
    return null;
  }
}

/** Return where a link of this page leads, without host and password; null where it is none to a call. @param {string} text */
function ownAddress(text) {
  const url = URL.parse(text.trim());
  return url?.origin === location.origin && /^\/calls\//.test(inside(url.pathname) ?? "") ? `${url.pathname}${url.search}` : null;
}
