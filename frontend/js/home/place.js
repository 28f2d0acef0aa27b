/** Where agents send to: the host and the ports that the listeners of this installation have. */

/** @typedef {import("./hops.js").Hops} Hops */
/** @typedef {import("./hops.js").Listener} Listener */
/** @typedef {Readonly<{udp: number | null, tcp: number | null, tls: number | null, http: number | null}>} Ports null: off */

const TRANSPORTS = /** @type {const} */ (["udp", "tcp", "tls", "http"]);
const USUAL = Object.freeze({ udp: 9060, tcp: 9060, tls: 9061, http: 9062 });
const EVERYWHERE = new Set(["::", "0.0.0.0"]);
const LOOPBACK = new Set(["localhost", "[::1]"]);

/** The listeners of the ingest heard last, null where none says. @param {Hops} hops @returns {Listener[] | null} */
export const listenersOf = ({ ingests }) => ingests.find((one) => one.is_living && one.listeners)?.listeners ?? null;

/** @param {Listener[] | null} listeners @returns {Ports} */
export function portsOf(listeners) {
  if (!listeners) return USUAL;
  const port = (/** @type {string} */ wanted) => listeners.find(({ transport }) => transport === wanted)?.port ?? null;
  return Object.freeze({ udp: port("udp"), tcp: port("tcp"), tls: port("tls"), http: port("http") });
}

/**
 * Return the best guess of how agents reach the listeners: the address that they are bound to; else
 * the name by which the reader found this page, or, where ingest is another process, its own.
 * @param {Hops} hops @param {string} pageHost
 */
export function hostOf(hops, pageHost) {
  const listeners = listenersOf(hops) ?? [];
  const bound = listeners.find(({ host }) => !EVERYWHERE.has(host))?.host;
  if (bound) return bracketed(bound);
  const [living] = hops.ingests.filter((one) => one.is_living);
  const named = living && !hops.is_here ? /^(.+):(\d+)$/.exec(living.instance) : null;
  // The usual name of an ingest is its host and first port; any other is a name and no address.
  if (named?.[1] && Number(named[2]) === listeners[0]?.port) return bracketed(named[1]);
  return LOOPBACK.has(pageHost) ? "127.0.0.1" : pageHost;
}

/** @param {string} host */
const bracketed = (host) => (host.includes(":") ? `[${host}]` : host);

/** `*:9060`, `192.0.2.1:9060` @param {Listener} listener */
export const addressText = ({ host, port }) => `${EVERYWHERE.has(host) ? "*" : bracketed(host)}:${port}`;

export { TRANSPORTS };
