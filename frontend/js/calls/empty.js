/** Why a search found nothing, asked of the API, and what to do about it. */
import { API, get } from "../api.js";
import { h } from "../dom.js";
import { stateCard } from "../states.js";
import { longTime } from "../times.js";
import { ANY, EVERYTHING, PARAMETERS, isNarrowed } from "./query.js";
import { writeAddress } from "../address.js";
import { largest } from "../lists/nodes.js";

/** @typedef {import("../address.js").Values} Values */
/** @typedef {import("../lists/nodes.js").HepNode} HepNode */
/** @typedef {{udp: string, tcp: string, all: string}} Ports */

const HEP_PORT = "9060";

/**
 * Return the card that stands in for what was asked for, and whether nothing at all has ever
 * arrived; `others` makes the card where there are calls, of which the newest is given.
 * @param {(newest: import("../api.js").Call) => HTMLElement} others @param {AbortSignal} signal
 * @returns {Promise<{card: HTMLElement, isFirstStart: boolean}>}
 */
export async function whyEmpty(others, signal) {
  const ever = new URLSearchParams({ start: EVERYTHING, limit: "1" });
  const some = new URLSearchParams({ start: EVERYTHING, limit: "100" });
  const [calls, nodes] = await Promise.all([get(`${API}/calls`, ever, signal), get(`${API}/nodes`, some, signal)]);
  const newest = calls.items[0];
  if (newest) return { card: others(newest), isFirstStart: false };
  const [heard] = nodes.items.filter((/** @type {HepNode} */ node) => node.kind === "node" && node.packet_count);
  if (heard) return { card: noCalls(heard), isFirstStart: false };
  if (nodes.items.length) return { card: onlyRefused(nodes.items[0]), isFirstStart: false };
  return { card: firstStart(location.hostname, await listening(signal)), isFirstStart: true };
}

/**
 * Return the HEP ports of this process by transport, as its readiness tells them; the usual one
 * where ingest is another process.
 * @param {AbortSignal} signal @returns {Promise<Ports>}
 */
async function listening(signal) {
  const detail = await fetch("/readyz", { signal }).then((answer) => answer.json())
    .then((ready) => String(ready.parts.ingest.detail)).catch(() => "");
  /** @param {string} transport */
  const port = (transport) => new RegExp(`${transport} \\S*:(\\d+)`).exec(detail)?.[1] ?? HEP_PORT;
  return { udp: port("udp"), tcp: port("tcp"), all: detail.replace(/^accepting at /, "").replaceAll("[::]:", "*:") };
}

/** @param {Values} values @param {import("../api.js").Call} newest */
export function nothingMatches(values, newest) {
  /** @param {Values} change */
  const link = (change) => `/calls${writeAddress(PARAMETERS, { ...values, sel: "", ...change })}`;
  const narrowing = Object.fromEntries(Object.entries(PARAMETERS).map(([name, { fallback }]) => [name, fallback]));
  const steps = [];
  if (isNarrowed(values)) steps.push({ label: "Without words and fields", href: link({ ...narrowing, from: values["from"] ?? "", to: values["to"] ?? "", method: values["method"] ?? "" }) });
  if (values["method"] !== ANY) steps.push({ label: `Any method, not only ${values["method"]}`, href: link({ method: ANY }) });
  if (values["from"] !== "-7d") steps.push({ label: "Last 7 days", href: link({ from: "-7d", to: "" }) });
  if (values["from"] !== EVERYTHING) steps.push({ label: "Everything stored", href: link({ from: EVERYTHING, to: "" }) });
  return stateCard({
    look: "not-taken", title: "No call matches",
    text: [`The newest call stored is of ${longTime(newest.started_at)} (${newest.method ?? "no method"}).`, "Calls are searched by the time of their first message."],
    steps,
  });
}

/** @param {{name: string, last_seen: string}} node */
function noCalls(node) {
  return stateCard({
    look: "in-progress", title: "Packets arrive, but no call yet",
    text: [`The node “${node.name}” was last heard at ${longTime(node.last_seen)}. It has sent no SIP that belongs to a call.`],
    steps: [{ label: "Nodes", href: "/nodes" }, { label: "Registrations", href: "/registrations" }],
  });
}

/** @param {HepNode} sender */
function onlyRefused(sender) {
  return stateCard({
    look: "fault", title: "Packets arrive, and all are refused",
    text: [`The last came from ${sender.name} at ${longTime(sender.last_seen)}; refused: ${largest(sender.refusals)}.`,
      "Each reason is explained in docs/reference/hep.md; an auth key, a network or a type that is not allowed is set in [ingest]."],
    steps: [{ label: "Who is refused, and why", href: "/nodes" }],
  });
}

/** @param {string} host @param {Ports} ports */
function firstStart(host, ports) {
  const server = host === "localhost" ? "127.0.0.1" : host;
  const where = ports.all || `port ${HEP_PORT} (UDP and TCP)`;
  const card = stateCard({
    look: "in-progress", title: "No packets yet",
    text: [`hepscope listens for HEP at ${where} (* is every address of this machine), and has received nothing.`,
      `Point an agent at it; this page fills by itself. On another machine write this one's address instead of ${server}.`],
  });
  const url = `${server}:${ports.udp}`;
  card.append(h("dl", {},
    ...recipe("kamailio", `loadmodule "siptrace.so"\nmodparam("siptrace", "duplicate_uri", "sip:${url}")\nmodparam("siptrace", "hep_mode_on", 1)\nmodparam("siptrace", "hep_version", 3)\nmodparam("siptrace", "trace_to_database", 0)\nmodparam("siptrace", "trace_on", 1)\nmodparam("siptrace", "trace_mode", 1)`),
    ...recipe("sngrep", `sngrep -H udp:${url}`),
    ...recipe("a capture file", `.venv/bin/hepscope capture --read calls.pcap --send tcp://${server}:${ports.tcp} --now`),
    ...recipe("an hour of generated calls", `make demo ARGS="--send tcp://${server}:${ports.tcp}"`)));
  return card;
}

/** @param {string} name @param {string} lines */
const recipe = (name, lines) => [h("dt", {}, name), h("dd", {}, h("pre", {}, lines))];
