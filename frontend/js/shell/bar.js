/** The right end of the bar: keys, theme and zone; on a narrow screen behind a menu. */
import { find, h } from "../dom.js";
import { icon } from "../icons.js";
import { keyCap } from "../keys.js";
import { showAgain } from "../router.js";
import { chooseZone, zone, zoneName } from "../times.js";
import { KEY_WORDS } from "../words/keys.js";
import { SHELL_WORDS, ZONE_WORDS } from "../words/shell.js";
import { followZone } from "../zone.js";
import { showKeyPage } from "./key-page.js";
import { themeControl } from "./theme-choice.js";
import { ZonePanel } from "./zone-panel.js";

/** Fill the bar; returns what is to be called when another screen is shown. */
export function startBar() {
  const name = h("span");
  const zoneButton = h("button", { type: "button", class: "flat zone", popovertarget: "zone-panel" }, name, icon("down"));
  const menu = find(".bar-menu");
  const zones = new ZonePanel((choice) => {
    menu.hidePopover();
    chooseZone(choice);
    showAgain();
  });
  followZone(showAgain);
  menu.append(h("div", { class: "bar-tools" },
    h("button", { type: "button", class: "flat", click: () => { menu.hidePopover(); showKeyPage(); } }, KEY_WORDS.open, keyCap("?")),
    themeControl(), zoneButton), zones.element);
  const menuButton = find(".menu-button");
  menuButton.setAttribute("aria-label", SHELL_WORDS.menu);
  menuButton.append(icon("menu"));
  // A link in the menu leads away from it.
  menu.addEventListener("click", (event) => event.target instanceof Element && event.target.closest("a") && menu.hidePopover());
  return () => {
    name.textContent = zone();
    zoneButton.title = zoneName();
    zoneButton.setAttribute("aria-label", ZONE_WORDS.button(zoneName()));
  };
}
