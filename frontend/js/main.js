/** Start of the page: routes, keys, and the time zone that all times are shown in. */
import { callScreen } from "./call/screen.js";
import { callsScreen } from "./calls/screen.js";
import { find } from "./dom.js";
import { startKeys } from "./keys.js";
import { nodesScreen } from "./lists/nodes.js";
import { registrationsScreen } from "./lists/registrations.js";
import { overviewScreen } from "./overview/screen.js";
import { startRouter } from "./router.js";
import { stateCard } from "./states.js";
import { zoneName } from "./times.js";

find(".zone").textContent = zoneName();
startKeys();
startRouter([
  { path: /^\/(?:calls\/?)?$/, screen: callsScreen, title: "Calls" },
  { path: /^\/calls\/(.+)$/, screen: callScreen, title: "Call" },
  { path: /^\/overview\/?$/, screen: overviewScreen, title: "Overview" },
  { path: /^\/registrations\/?$/, screen: registrationsScreen, title: "Registrations" },
  { path: /^\/nodes\/?$/, screen: nodesScreen, title: "Nodes" },
  { path: /^/, screen: nowhere, title: "No such page" },
]);

/** @param {import("./router.js").Visit} visit */
function nowhere({ place }) {
  place.append(stateCard({
    look: "not-taken", title: "There is no such page", text: [`Nothing is at ${location.pathname}.`],
    steps: [{ label: "Search calls", href: "/calls", first: true }],
  }));
  return () => {};
}
