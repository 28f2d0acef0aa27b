/**
 * Which screen a path shows. A screen is a function that fills an element and returns how to
 * leave it. Links are ordinary links; clicks on our own are followed here, so that modified
 * clicks, the middle button and Back do what they do everywhere.
 */

import { ZONE } from "./address.js";
import { inside } from "./base.js";
import { find } from "./dom.js";
import { useKeys } from "./keys.js";
import { failureCard } from "./states.js";
import { SHELL_WORDS } from "./words/shell.js";
import { linkZone, zoneOfAddress } from "./zone.js";

/** A page that was frozen for longer is asked for anew: "the last 15 minutes" are others by then. */
const STALE_MS = 60_000;

/** What `/` shows. */
const HOME = "/overview";

/** @typedef {{place: HTMLElement, rest: string, search: string, returning: boolean}} Visit */
/** @typedef {(visit: Visit) => () => void} Screen */
/** @typedef {{path: RegExp, screen: Screen, title: string}} Route */

/** @type {readonly Route[]} */
let routes = [];
/** @type {() => void} */
let leave = () => {};
/** @type {() => void} */
let shown = () => {};

/** Show the current address, and follow it from now on. @param {readonly Route[]} table @param {() => void} told called for each screen */
export function startRouter(table, told) {
  routes = table;
  shown = told;
  addEventListener("popstate", () => show(true));
  // The browser may bring back a page that it froze when the reader went elsewhere.
  let frozenMs = 0;
  addEventListener("pagehide", () => { frozenMs = Date.now(); });
  addEventListener("pageshow", ({ persisted }) => persisted && Date.now() - frozenMs > STALE_MS && show(false));
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || !isOurs(event, link)) return;
    event.preventDefault();
    go(link.href);
  });
  show(false);
}

/** Go to an address; Back returns. @param {string} address */
export function go(address) {
  const url = new URL(address, location.href);
  // The zone of a link goes along until the reader chooses one.
  if (zoneOfAddress() && !url.searchParams.has(ZONE)) url.searchParams.set(ZONE, zoneOfAddress());
  // The same search again is no step to go back to.
  if (url.href !== location.href) history.pushState({ inside: true }, "", url.href);
  show(false);
  find("#main").focus({ preventScroll: true });
}

/** Show the screen again as its address says, in the zone that the reader chose just now. */
export function showAgain() {
  const url = new URL(location.href);
  url.searchParams.delete(ZONE);
  noteAddress(url.href);
  show(false);
}

/** Note the state of the same screen in its address, without a step for Back. @param {string} address */
export const noteAddress = (address) => history.replaceState(history.state, "", address);

/** Note another state of the same screen in its address; Back returns to the one before. @param {string} address */
export const stepAddress = (address) => history.pushState({ inside: true }, "", address);

/** Go back to where the reader came from, if that was this page; else there. @param {string} otherwise */
export function goBack(otherwise) {
  if (history.state?.inside) history.back();
  else go(otherwise);
}

/** @param {boolean} returning */
function show(returning) {
  leave();
  const { search } = location;
  linkZone(new URLSearchParams(search).get(ZONE) ?? "");
  const pathname = inside(location.pathname) ?? "/";
  const place = find("#main");
  place.replaceChildren();
  const [route, found] = match(pathname);
  document.title = `${route.title} · hepscope`;
  find(".screen-title").textContent = route.title;
  for (const facts of [".foot-facts", ".foot-said"]) find(facts).replaceChildren();
  useKeys([]);
  for (const link of document.querySelectorAll("nav a")) {
    const target = link instanceof HTMLAnchorElement ? inside(link.pathname) : null;
    const here = target !== null && (pathname === "/" ? HOME : pathname).startsWith(target);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  shown();
  try {
    leave = route.screen({ place, rest: found, search, returning });
  } catch (error) {
    leave = () => {};
    place.replaceChildren(failureCard(error, SHELL_WORDS.screenFailed, []));
    reportError(error);
  }
}

/** @param {string} pathname @returns {[Route, string]} */
function match(pathname) {
  for (const route of routes) {
    const found = route.path.exec(pathname);
    if (found) return [route, found[1] ?? ""];
  }
  throw new Error("the last route matches every path");
}

/** @param {MouseEvent} event @param {HTMLAnchorElement} link */
function isOurs(event, link) {
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const path = link.origin === location.origin ? inside(link.pathname) : null;
  return plain && !event.defaultPrevented && path !== null && !link.target
    && !link.hasAttribute("download") && !/^\/(api|docs|openapi\.json)\b/.test(path) && !link.hash;
}
