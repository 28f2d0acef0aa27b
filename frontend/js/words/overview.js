/** The words of the overview's charts and tables; its tiles and states are among those of home. */

export const CHART_WORDS = Object.freeze({
  opens: "Click or Enter: the calls of this time",
  /** @param {string} step */
  per: (step) => `per ${step}`,
  ratios: "SER and SEER", ratiosNote: "% of INVITEs, RFC 6076", ser: "SER", seer: "SEER",
  concurrent: "Concurrent calls", concurrentNote: "at the start of each step", calls: "Calls",
  delays: "PDD and SRD", mean: "mean", pdd: "PDD", srd: "SRD",
  mos: "MOS", mosNote: "estimated, mean of reports", poor: "below 3.6 many users complain",
  loss: "Packet loss", reports: "mean of reports", lossLine: "Loss", times: "Jitter and round trip", jitter: "Jitter", roundTrip: "RTT",
  registrations: "Registrations", failed: "Failed", others: "Others",
});

export const FAILURE_WORDS = Object.freeze({
  label: "Failures by cause", note: "network and server only", none: "No call failed by network or server.",
  noFinal: "no final reply", other: "other finals",
  /** @param {number} count @param {number} codes */
  rest: (count, codes) => `${count.toLocaleString()} by ${codes} other ${codes === 1 ? "code" : "codes"}`,
});

export const DELAY_WORDS = Object.freeze({
  label: "Delays", note: "half and 95 of 100 were not longer than", heads: ["Delay", "Calls", "Mean", "50 %", "95 %", "Mean over time"],
});

/** Delays by their names in the API: short, in words, and what they are measured from and to. */
export const DELAY_NAMES = Object.freeze({
  pdd: { label: "PDD", words: "post-dial delay", means: "INVITE to the first 180, 183 with SDP, or 2xx" },
  srd_successful: { label: "SRD", words: "session request, answered", means: "RFC 6076 4.3.1: INVITE to the first response but 100" },
  srd_failed: { label: "SRD", words: "session request, failed", means: "RFC 6076 4.3.2: INVITE to the first response but 100" },
  sdd_successful: { label: "SDD", words: "session disconnect", means: "RFC 6076 4.4: BYE to its 2xx" },
  rrd: { label: "RRD", words: "registration request", means: "RFC 6076 4.1: REGISTER to its 2xx" },
  acd: { label: "ACD", words: "call duration", means: "Answer to BYE" },
});

export const GROUP_WORDS = Object.freeze({
  apart: "Told apart by", label: "KPIs told apart", note: "% of attempts", loading: "Loading", cannot: "This table cannot be shown",
  /** @param {string} by */
  title: (by) => `KPIs by ${by}`,
  names: Object.freeze({ node: "Node", target: "Target", user_agent: "User agent" }),
  notSaid: "not said", calls: "Calls", pdd: "PDD 95 %", acd: "ACD",
});

export const HEAD_WORDS = Object.freeze({
  label: "Overview", node: "Node",
  /** @param {string} clock @param {string} zone */
  until: (clock, zone) => `to ${clock} ${zone}, `,
  /** @param {string} step */
  steps: (step) => `steps of ${step}`,
  day: "a day", counting: "some calls are still being counted",
});

/** Hints of the keys. */
export const OVERVIEW_KEYS = Object.freeze({ apart: "tell apart by", row: "row", open: "open", reload: "reload" });
