/** Words of the states that every screen can be in: waiting, failed, stopped, not understood. */

export const STATE_WORDS = Object.freeze({
  tryAgain: "Try again",
  stop: "Stop",
  stopped: "Stopped",
  /** @param {string} what */
  waiting: (what) => `${what}…`,
  /** @param {string} what @param {string} seconds */
  still: (what, seconds) => `Still ${what.toLowerCase()}, ${seconds} s`,
  endsItself: "It stops by itself when the server’s time for a search is up.",
  /** @param {string} what @param {string} title */
  failed: (what, title) => `${what}: ${title}`,
  pageFault: "a fault of this page",
  noAnswer: "no answer",
  unreachable: "The server does not answer",
  unreachableDetail: "No connection to hepscope. Is it running? Nothing you typed is lost.",
  notTheApi: "The server answered with something that is not its API",
  notTheApiDetail: "A page to sign in, or another program, may stand before hepscope: open this page in a new tab to see it.",
  cut: "The answer was cut off",
  cutDetail: "It ended in the middle, as when a server or a proxy is restarted.",
  /** @param {string} time */
  lastGood: (time) => `Last good answer ${time}.`,
  /** @param {number} seconds */
  retryIn: (seconds) => `Trying again in ${seconds} s.`,
  copyDetails: "Copy details",
  copied: "Copied",
  notCopied: "Select and copy",
  /** @param {string} time */
  removed: (time) => `Part of the range is not there. Calls before ${time} were removed by retention.`,
  /** @param {string} name @param {string} value */
  senseless: (name, value) => `This link holds ${name} = “${value}”, which makes no sense; the usual value is used instead.`,
  /** @param {string} name */
  unknown: (name) => `This link holds “${name}”, which this version does not know; it is left out.`,
});

/** What the reader can do about a status, or about a kind of problem, besides what the API says of it. @type {Readonly<Record<number | string, string>>} */
export const NEXT = Object.freeze({
  401: "hepscope, or the proxy before it, wants to know who you are. Sign in there; this page comes back as it was.",
  403: "Your account may not see this. Whoever runs this hepscope can change that.",
  429: "This browser or its address has asked too much at once; it goes on by itself after a pause.",
  500: "This is a fault of hepscope. Its log says more; the details below belong into a report.",
  502: "The proxy before hepscope does not reach it. Is hepscope running?",
  503: "A part behind the API is away. “hepscope doctor”, on the server, names the one that is broken.",
  504: "If that was quick before, the database has much to do, or its disk is slow: “hepscope doctor”, on the server, tells.",
  "database-locked": "If it lasts, pg_stat_activity and pg_blocking_pids tell whoever runs the database who holds the lock.",
});
