/** Everything that the screen of a call asks for at once. */
import { Problem, callPath, get } from "../api.js";

/** @typedef {{call: import("../api.js").Call | null, flow: import("../ladder/flow.js").Flow, media: import("../api.js").CallMedia | Problem}} Loaded */

/** @param {string} callId @param {string[]} others Call-IDs of the other legs @param {string} at @param {AbortSignal} signal @returns {Promise<Loaded>} */
export async function loadCall(callId, others, at, signal) {
  const query = new URLSearchParams(at ? { at } : {});
  const flowQuery = new URLSearchParams(query);
  for (const other of others) flowQuery.append("with", other);
  const path = callPath(callId);
  const [call, flow, media] = await Promise.all([
    get(path, query, signal).catch(noRecord), get(`${path}/flow`, flowQuery, signal),
    get(`${path}/media`, query, signal).catch((error) => (error instanceof Problem ? error : Promise.reject(error)))]);
  return { call, flow, media };
}

/** A flow can be there without a call record. @param {unknown} error */
function noRecord(error) {
  if (error instanceof Problem && error.status === 404) return null;
  throw error;
}
