/** The calls of one search, loaded page by page, and how many newer ones have come since. */
import { PagedRows } from "../grid/paged.js";

/** @typedef {import("../api.js").Call} Call */

/** More new calls than these are counted as "more than". */
export const MOST_NEWER = 100;

/** @extends {PagedRows<Call>} */
export class CallRows extends PagedRows {
  /** @param {URLSearchParams} query @param {number} nowMs as of when, for relative times */
  constructor(query, nowMs) {
    super("calls", query);
    this.nowMs = nowMs;
  }

  /** Count the calls that began after the newest one here. @param {AbortSignal} signal */
  async newer(signal) {
    const [newest] = this.items;
    const known = new Set(this.items.slice(0, MOST_NEWER).map((call) => call.call_id));
    const page = await this.ask({ ...(newest && { start: newest.started_at }), limit: String(MOST_NEWER) }, signal);
    return page.items.filter((call) => !known.has(call.call_id)).length;
  }
}
