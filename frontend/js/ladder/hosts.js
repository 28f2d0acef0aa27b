/** Which columns a ladder has: hosts joined or split as the reader wants, ordered, some hidden. Pure. */

import { addressOf } from "../outcome.js";
import { hostName } from "./flow.js";

/** @typedef {import("./flow.js").Arrow} Arrow */
/** @typedef {import("./flow.js").Host} Host */
/** @typedef {import("./flow.js").Flow} Flow */
/** @typedef {import("./choices.js").Choices} Choices */
/**
 * @typedef {object} Party what is one column
 * @property {string} key
 * @property {string} name
 * @property {string} address with its port where another column has the same one
 * @property {string} place the address alone, for menus on its ports
 * @property {string[]} nodes
 * @property {boolean} isNamed
 * @property {string} agent what it calls itself, where a message of it says so
 * @property {number} ports how many ports of the address take part
 */
/** @typedef {{from: number, to: number}} Ends columns of an arrow, -1 for a hidden one */
/** @typedef {{parties: Party[], hidden: Party[], endsOf: (arrow: Arrow) => Ends}} Parties */

/** @param {Flow} flow @param {Choices} choices @returns {Parties} */
export function partiesOf(flow, choices) {
  const hosts = new Map(flow.hosts.map((host) => [host.id, host]));
  const agents = agentsOf(flow);
  const portsOf = portsByAddress(flow, hosts);
  /** @type {Map<string, Party>} */
  const found = new Map();
  /** @param {string} id @param {number | null} port */
  const keyOf = (id, port) => {
    const host = hosts.get(id);
    if (!host) return id;
    const key = groupKey(host, port, choices);
    if (!found.has(key)) found.set(key, partyOf(key, host, portsOf.get(host.address)?.size ?? 0, agents.get(id) ?? "", choices));
    return key;
  };
  const keys = flow.arrows.map((arrow) => ({ from: keyOf(arrow.from, arrow.from_port), to: keyOf(arrow.to, arrow.to_port) }));
  const all = ordered([...found.values()], choices.order);
  const parties = all.filter(({ key }) => !choices.without.has(key));
  const columns = new Map(parties.map(({ key }, index) => [key, index]));
  const ends = new Map(flow.arrows.map((arrow, index) => [arrow, {
    from: columns.get(keys[index]?.from ?? "") ?? -1, to: columns.get(keys[index]?.to ?? "") ?? -1,
  }]));
  return { parties, hidden: all.filter(({ key }) => choices.without.has(key)), endsOf: (arrow) => ends.get(arrow) ?? { from: -1, to: -1 } };
}

/** @param {Host} host @param {number | null} port @param {Choices} choices */
function groupKey(host, port, { group, ports }) {
  if (group === "node" && host.node.length) return `node ${host.node.join("+")}`;
  const isSplit = ports.has(host.address);
  if (isSplit && port !== null) return `${host.address}:${port}`;
  return group === "address" ? host.address || host.id : host.id;
}

/** @param {string} key @param {Host} host @param {number} ports @param {string} agent @param {Choices} choices @returns {Party} */
function partyOf(key, host, ports, agent, { group, addresses }) {
  const isNode = key.startsWith("node ");
  const hasPort = key !== host.address && !isNode && (key !== host.id || host.id !== host.address);
  const address = hasPort && key !== host.id ? key : hasPort && host.port ? addressOf({ ip: host.address, port: host.port }) : host.address;
  const isNamed = isNode || (!addresses && (host.is_named || host.node.length > 0));
  const name = isNode ? host.node.join(", ") : isNamed ? hostName(host) : address || host.label;
  return { key, name, address: isNode ? "" : address, place: host.address, nodes: host.node, isNamed, agent, ports: group === "node" ? 0 : ports };
}

/** @param {Flow} flow @returns {Map<string, string>} by id of the host */
function agentsOf({ arrows }) {
  const found = new Map();
  /** What each host has received: what it sends on is told of by who made it. @type {Set<string>} */
  const had = new Set();
  for (const { from, to, user_agent: agent, call_id: callId, cseq, status } of arrows) {
    const message = `${callId} ${cseq} ${status ?? ""}`;
    if (agent && !found.has(from) && !had.has(`${from} ${message}`)) found.set(from, agent);
    had.add(`${to} ${message}`);
  }
  return found;
}

/** @param {Flow} flow @param {Map<string, Host>} hosts */
function portsByAddress(flow, hosts) {
  /** @type {Map<string, Set<number>>} */
  const found = new Map();
  /** @param {string} id @param {number | null} port */
  const note = (id, port) => {
    const address = hosts.get(id)?.address;
    if (address === undefined || port === null) return;
    const ports = found.get(address) ?? new Set();
    found.set(address, ports.add(port));
  };
  for (const arrow of flow.arrows) {
    note(arrow.from, arrow.from_port);
    note(arrow.to, arrow.to_port);
  }
  return found;
}

/** In the order that was chosen, what was not chosen stays where it would be after it. @param {Party[]} parties @param {readonly string[]} order */
function ordered(parties, order) {
  const places = new Map(order.map((key, index) => [key, index]));
  return parties.toSorted((one, other) => (places.get(one.key) ?? Infinity) - (places.get(other.key) ?? Infinity) || 0);
}

/** The order once a party was moved. @param {Party[]} parties @param {string} key @param {number} to @returns {string[]} */
export function movedOrder(parties, key, to) {
  const keys = parties.map((party) => party.key).filter((one) => one !== key);
  keys.splice(Math.min(Math.max(to, 0), keys.length), 0, key);
  return keys;
}
