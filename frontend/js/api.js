/**
 * The query API as this page uses it: shapes of its answers, and one way to ask. Times are
 * RFC 3339 in UTC, durations numbers named `_s` or `_ms`.
 */

/** @typedef {{ip: string | null, port: number | null}} Endpoint */
/**
 * @typedef {object} Call
 * @property {string} call_id
 * @property {string | null} method
 * @property {number | null} status
 * @property {string | null} reason
 * @property {"setup"|"ringing"|"answered"|"completed"|"cancelled"|"timeout"|"failed"|"other"} state
 * @property {string} started_at
 * @property {string | null} answered_at
 * @property {string | null} ended_at
 * @property {number | null} pdd_ms
 * @property {number | null} duration_s
 * @property {string | null} from_user
 * @property {string | null} from_domain
 * @property {string | null} to_user
 * @property {string | null} to_domain
 * @property {string | null} user_agent
 * @property {Endpoint | null} source
 * @property {Endpoint | null} destination
 * @property {number} message_count
 * @property {string[]} nodes
 * @property {number | null} worst_mos
 * @property {{started_at: string}[]} [other_records]
 */
/** @typedef {{id: string, address: string, port: number | null, label: string}} Host */
/** @typedef {"request"|"provisional"|"success"|"redirect"|"failure"|"rtcp"|"rtp"|"log"|"dns"} ArrowKind */
/**
 * @typedef {object} Arrow
 * @property {string} message_id
 * @property {string} time
 * @property {string} from
 * @property {string} to
 * @property {string} label
 * @property {ArrowKind} kind
 * @property {boolean} retransmission
 */
/** @typedef {{hosts: Host[], arrows: Arrow[], truncated: boolean}} Flow */
/**
 * @typedef {object} Message
 * @property {string} id
 * @property {string} time
 * @property {Endpoint | null} source
 * @property {Endpoint | null} destination
 * @property {string | null} transport
 * @property {string | null} cseq
 * @property {string | null} node
 * @property {string | null} fault
 * @property {string} [payload]
 * @property {string} [payload_base64]
 */
/**
 * @typedef {object} MediaPoint
 * @property {string} time
 * @property {number | null} loss 0 to 1
 * @property {number | null} jitter_ms
 * @property {number | null} round_trip_ms
 * @property {boolean | null} round_trip_said
 * @property {number | null} mos our estimate
 * @property {string | null} context of the estimate, as `MOS-CQEN`
 * @property {number | null} mos_lq_said
 * @property {number | null} mos_cq_said
 */
/** @typedef {{mean: number | null, worst: number | null}} MediaRange */
/**
 * @typedef {object} MediaStream
 * @property {number | null} ssrc
 * @property {Endpoint | null} source
 * @property {Endpoint | null} destination
 * @property {string | null} node
 * @property {string} kind
 * @property {string | null} way
 * @property {string | null} codec
 * @property {string | null} codec_from
 * @property {string | null} loss_window
 * @property {string | null} joined_by
 * @property {string | null} reporter
 * @property {{reports: number, loss: MediaRange, jitter_ms: MediaRange, round_trip_ms: MediaRange, mos: MediaRange, mos_said: MediaRange}} summary
 * @property {MediaPoint[]} points
 */
/** @typedef {{streams: MediaStream[], is_thinned: boolean, streams_left_out: number}} CallMedia */
/**
 * @template T
 * @typedef {{items: T[], next_cursor: string | null}} List
 */

export const API = "/api/v1";

/** An answer that is no success: problem details (RFC 9457), or what stands in for them. */
export class Problem extends Error {
  /** @param {number} status @param {string} title @param {string} detail @param {string} request */
  constructor(status, title, detail, request) {
    super(title);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.request = request;
  }
}

/** @param {string} callId */
export const callPath = (callId) => `${API}/calls/${encodeURIComponent(callId)}`;

/**
 * Return the JSON that a GET answers; throws Problem, or AbortError once the signal says stop.
 * @param {string} path @param {URLSearchParams} query @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query, signal) {
  const address = query.size ? `${path}?${query}` : path;
  let response;
  try {
    response = await fetch(address, { headers: { Accept: "application/json" }, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    const detail = "No connection to hepscope. Is it running? Nothing you typed is lost.";
    throw new Problem(0, "The server does not answer", detail, `GET ${address}`);
  }
  const body = await response.json().catch(() => null);
  signal?.throwIfAborted();
  if (response.ok && body !== null) return body;
  const title = body?.title ?? "The server answered with something that is not its API";
  throw new Problem(response.status, String(title), String(body?.detail ?? response.statusText), `GET ${address}`);
}
