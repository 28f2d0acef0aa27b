/** Start of the page: routes, keys, and what the bar holds. */
import { based } from "./base.js";
import { callScreen } from "./call/screen.js";
import { callsScreen } from "./calls/screen.js";
import { startKeys } from "./keys.js";
import { nodesScreen } from "./lists/nodes.js";
import { registrationsScreen } from "./lists/registrations.js";
import { liveScreen } from "./live/screen.js";
import { overviewScreen } from "./overview/screen.js";
import { startRouter } from "./router.js";
import { startBar } from "./shell/bar.js";
import { startClockNote } from "./shell/clock-note.js";
import { startPageKeys } from "./shell/page-keys.js";
import { stateCard } from "./states.js";
import { SCREENS, SHELL_WORDS } from "./words/shell.js";

/** @type {import("./router.js").Route[]} */
const ROUTES = [
  { path: /^\/calls\/?$/, screen: callsScreen, title: SCREENS.calls },
  { path: /^\/calls\/(.+)$/, screen: callScreen, title: SHELL_WORDS.call },
  { path: /^\/(?:overview\/?)?$/, screen: overviewScreen, title: SCREENS.overview },
  { path: /^\/registrations\/?$/, screen: registrationsScreen, title: SCREENS.registrations },
  { path: /^\/live\/?$/, screen: liveScreen, title: SCREENS.live },
  { path: /^\/nodes\/?$/, screen: nodesScreen, title: SCREENS.nodes },
  { path: /^/, screen: nowhere, title: SHELL_WORDS.nowhere },
];

const here = new URL(document.URL);
if (here.username || here.password) {
  // With a password in its address a page can ask for nothing (Fetch, 5.4); by now the browser knows it.
  [here.username, here.password] = ["", ""];
  location.replace(here.href);
} else {
  startKeys();
  startPageKeys();
  startClockNote();
  startRouter(ROUTES, startBar());
}

/** @param {import("./router.js").Visit} visit */
function nowhere({ place }) {
  place.append(stateCard({
    look: "not-taken", title: SHELL_WORDS.nowhere, text: [SHELL_WORDS.nothingAt(location.pathname)],
    steps: [{ label: SHELL_WORDS.searchCalls, href: based("/calls"), first: true }],
  }));
  return () => {};
}
