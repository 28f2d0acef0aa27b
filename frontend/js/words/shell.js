/** Words of the shell: the bar, its menus, and the time range. */

export const SCREENS = Object.freeze({ overview: "Overview", calls: "Calls", registrations: "Registrations", live: "Live", nodes: "Nodes" });

export const SHELL_WORDS = Object.freeze({
  menu: "Menu",
  call: "Call",
  nowhere: "There is no such page",
  /** @param {string} path */
  nothingAt: (path) => `Nothing is at ${path}.`,
  searchCalls: "Search calls",
  screenFailed: "This screen cannot be shown",
  copied: "The link is copied",
  notCopied: "This browser lets no page copy here (it needs https or localhost); the address bar has the same link.",
});

export const CLOCK_WORDS = Object.freeze({
  /** @param {string} apart @param {boolean} isBehind */
  differs: (apart, isBehind) => `The clock of this device is ${apart} ${isBehind ? "behind" : "ahead of"} that of the server, by which “last 15 minutes” and the like are counted here. Set the one that is wrong.`,
  minute: "minute", hour: "hour", day: "day",
});

export const THEME_WORDS = Object.freeze({
  label: "Theme",
  system: "As the system",
  light: "Light",
  dark: "Dark",
});

export const ZONE_WORDS = Object.freeze({
  label: "Time zone",
  /** @param {string} zone */
  button: (zone) => `Time zone: ${zone}`,
  search: "Search a zone",
  example: "Berlin, New York, Kolkata",
  /** @param {string} zone */
  browser: (zone) => `This browser’s: ${zone}`,
  none: "No zone is called so.",
  /** @param {number} count */
  more: (count) => `${count} more; go on typing`,
  linked: "The link you followed is in this zone. What you choose here is kept.",
});
