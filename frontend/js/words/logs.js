/** What the logs of a call say. */

export const LOGS = Object.freeze({
  loading: "Loading the logs", failed: "The logs cannot be shown", again: "Try again", stopped: "Stopped", filter: "Filter", hint: "Text, node or source", wrap: "Wrap",
  explore: "Open in Grafana", lines: "Log lines", logs: "Logs", labels: "Labels", lokiMissing: "Lines of Loki are missing here. ", none: "No log line names this call",
  agents: "Agents send log lines as HEP type 100, named by the Call-ID in chunk 17. docs/logs.md tells how, for each agent.",
  lokiOff: "Lines of other services come from Loki, once api.loki_url is set (HEPSCOPE_API__LOKI_URL).", api: "Description of the API",
  places: Object.freeze(/** @type {Record<string, string>} */ ({ loki: "Loki", database: "Database" })),
  /** @param {string} place @param {string | null} detail */ asked: (place, detail) => (detail ? `${place}: ${detail}` : `${place}: ok.`),
  /** @param {string} place @param {string | null} detail */ notAsked: (place, detail) => `${place}: not asked, ${detail ?? ""}`,
  /** @param {string} place */ failedAt: (place) => `${place}: failed.`,
  /** @param {number} count @param {boolean} hasMore */ lineCount: (count, hasMore) => `${count.toLocaleString()}${hasMore ? " and more" : ""} ${count === 1 && !hasMore ? "line" : "lines"}`,
  /** @param {string} id */ foundBy: (id) => `found by chunk 17: ${id}`,
});
