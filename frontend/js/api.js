/**
 * The query API as this page uses it: shapes of its answers, and one way to ask. Times are
 * RFC 3339 in UTC, durations numbers named `_s` or `_ms`.
 */

import { callSegment } from "./address.js";
import { based } from "./base.js";
import { hearClock, now } from "./clock.js";
import { succeeded } from "./retry.js";
import { STATE_WORDS as WORDS } from "./words/states.js";

/** @typedef {{ip: string | null, port: number | null, name?: string | null}} Endpoint */
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
 * @property {number | null} worst_loss 0 to 1
 * @property {number | null} worst_jitter_ms
 * @property {string | null} ruri_user
 * @property {string | null} ruri_domain
 * @property {"answered"|"poor"|"not_taken"|"rejected"|"fault"|"no_reply"|"in_progress"} outcome
 * @property {{started_at: string}[]} [other_records]
 */
/** @typedef {"request"|"provisional"|"success"|"redirect"|"failure"|"rtcp"|"rtp"|"log"|"dns"} ArrowKind */
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
 * @typedef {object} LogLine
 * @property {string} time
 * @property {"database" | "loki"} source
 * @property {string | null} node
 * @property {number | null} protocol_type
 * @property {string | null} correlation_id
 * @property {string} text
 * @property {Record<string, string> | null} labels
 */
/** @typedef {{name: "database" | "loki", state: "ok" | "failed" | "off", detail: string}} LogSource */
/** @typedef {{items: LogLine[], next_cursor: string | null, sources: LogSource[], explore_url: string | null}} CallLogs */
/**
 * @template T
 * @typedef {{items: T[], next_cursor: string | null}} List
 */

export const API = based("/api/v1");

/** An answer that is no success: problem details (RFC 9457), or what stands in for them. */
export class Problem extends Error {
  /**
   * @param {number} status 0 for no answer @param {string} title @param {string} detail
   * @param {string} request as `GET /api/v1/calls?q=49` @param {number} [pauseS] how long the server wants to be left alone
   * @param {string} [kind] what the API calls it, as `database-locked`
   */
  constructor(status, title, detail, request, pauseS = 0, kind = "") {
    super(title);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.request = request;
    this.pauseS = pauseS;
    this.kind = kind;
    /** Of a call that is not found: since when calls are kept, if older ones have been removed. @type {string | null} */
    this.keptSince = null;
  }

  /** What was asked, without its parameters. */
  get path() {
    return this.request.split("?", 1)[0] ?? "";
  }

  /** When the same was answered last, 0 for never. */
  get lastGoodMs() {
    return goodMs.get(this.path) ?? 0;
  }
}

/** When paths were answered last; as many as one has open, by far. @type {Map<string, number>} */
const goodMs = new Map();
const MOST_PATHS = 200;

/** @param {string} path */
function noteGood(path) {
  if (goodMs.size >= MOST_PATHS) goodMs.clear();
  goodMs.set(path, now());
  succeeded(path);
}

/** @param {string} callId */
export const callPath = (callId) => `${API}/calls/${callSegment(callId)}`;

/**
 * Return the JSON that a GET answers; throws Problem, or AbortError once the signal says stop.
 * @param {string} path @param {URLSearchParams} query @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query, signal) {
  const address = query.size ? `${path}?${query}` : path;
  let response;
  let text;
  const askedMs = performance.now();
  try {
    response = await fetch(address, { headers: { Accept: "application/json" }, ...(signal && { signal }) });
    hearClock(response, askedMs);
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, WORDS.unreachable, WORDS.unreachableDetail, `GET ${address}`);
  }
  signal?.throwIfAborted();
  const body = parsed(text);
  if (response.ok && body !== null) {
    noteGood(`GET ${path}`);
    return body;
  }
  if (response.ok) throw noApi(response, `GET ${address}`);
  const title = body?.title ?? WORDS.notTheApi;
  const kind = String(body?.type ?? "").split("/").pop();
  const problem = new Problem(response.status, String(title), String(body?.detail ?? response.statusText), `GET ${address}`, pauseOf(response), kind);
  if (body?.kept_since) problem.keptSince = String(body.kept_since);
  throw problem;
}

/** @param {string} text @returns {any} null where it is no JSON */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A success that is none: JSON that was cut on its way may come whole next time, a page for people never. @param {Response} response @param {string} request */
function noApi(response, request) {
  const isCut = /\bjson\b/.test(response.headers.get("Content-Type") ?? "");
  return isCut ? new Problem(0, WORDS.cut, WORDS.cutDetail, request) : new Problem(response.status, WORDS.notTheApi, WORDS.notTheApiDetail, request);
}

/** Seconds of Retry-After; a date, which the header may hold too, no part of hepscope sends. @param {Response} response */
export function pauseOf(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 && seconds < 3600 ? Math.ceil(seconds) : 0;
}
