/** The words of the screens that are one list: registrations and nodes. */

import { counted } from "./count.js";

export const LIST = Object.freeze({
  /** What an empty cell shows, and what it says to a screen reader. */
  nothing: "–", none: "none",
  /** @param {string} label */
  loading: (label) => `Loading ${label.toLowerCase()}`,
  /** @param {string} label */
  cannot: (label) => `${label} cannot be shown`,
  /** @param {string} count @param {string} label @param {boolean} hasMore */
  facts: (count, label, hasMore) => `${count} ${label.toLowerCase()}, ${hasMore ? "more below" : "all there are"}`,
  /** @param {string} why */
  noStrip: (why) => `What stands above the list is missing: ${why}.`,
  /** @param {string} what */
  more: (what) => `Show more ${what}`,
  loadingMore: "Loading more",
  /** @param {string} what */
  noMore: (what) => `More ${what} cannot be shown`,
  lookAgain: "Look again", row: "row", page: "a page of rows up or down", open: "open", reload: "reload",
});

export const NODE_LIST = Object.freeze({
  label: "Nodes", mark: "State",
  kinds: Object.freeze({ node: "node", address: "refused only", other: "all others" }),
  heads: Object.freeze({ name: "Node", kind: "Kind", id: "Id", last: "Last packet", first: "First packet", hep: "HEP", packets: "Packets", rate: "Rate / s",
    refused: "Refused", refusedRate: "Refused / s", clock: "Clock", quirks: "Deviations", way: "Way" }),
  empty: Object.freeze({ title: "No node has sent anything yet", text: ["Point an agent at the HEP port; the overview shows the lines to paste."] }),
  quiet: "No packet since the restart",
  /** @param {number} count */
  quietNote: (count) => `${counted(count, "node")} sent nothing since hepscope was last started. That is no fault by itself: whether their packets are let in shows with the next one.`
    + " Of a node that should be sending, check that it runs, and that it sends to the address and port under Listener.",
  /** @param {number} ms */
  skew: (ms) => `${Math.round(ms).toLocaleString()} ms, delay included`,
});

export const REGISTRATION_LIST = Object.freeze({
  label: "Registrations",
  heads: Object.freeze({ last: "Last heard", state: "State", status: "Status", aor: "Address of record", contact: "Contact", expires: "Expires s", source: "Source",
    agent: "User agent", messages: "Messages", nodes: "Nodes", callId: "Call-ID", started: "Began" }),
  noStatus: "none yet",
  empty: Object.freeze({ title: "No registration in this range", text: ["A REGISTER that an agent sends appears here within seconds."] }),
  /** @param {string} time */
  newest: (time) => `The newest one stored is of ${time}.`,
  aroundNewest: "Around the newest registration",
  strip: "Registration attempts", succeeded: "Registered", noFinal: "No reply", others: "Other failures",
  challenged: "Challenged, given up",
  all: "All registrations",
  /** @param {string} status */
  only: (status) => `Only those that ended with ${status}`,
});
