/**
 * Which screen a path shows. A screen is a function that fills an element and returns how to
 * leave it. Links are ordinary links; clicks on our own are followed here, so that modified
 * clicks, the middle button and Back do what they do everywhere.
 */

import { find } from "./dom.js";

const HOME = "/calls";

/** @typedef {{place: HTMLElement, rest: string, search: string, returning: boolean}} Visit */
/** @typedef {(visit: Visit) => () => void} Screen */
/** @typedef {{path: RegExp, screen: Screen, title: string}} Route */

/** @type {readonly Route[]} */
let routes = [];
/** @type {() => void} */
let leave = () => {};

/** Show the current address, and follow it from now on. @param {readonly Route[]} table */
export function startRouter(table) {
  routes = table;
  addEventListener("popstate", () => show(true));
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
  // The same search again is no step to go back to.
  if (new URL(address, location.href).href !== location.href) history.pushState({ inside: true }, "", address);
  show(false);
  find("#main").focus({ preventScroll: true });
}

/** Note the state of the same screen in its address, without a step for Back. @param {string} address */
export const noteAddress = (address) => history.replaceState(history.state, "", address);

/** Go back to where the reader came from, if that was this page; else there. @param {string} otherwise */
export function goBack(otherwise) {
  if (history.state?.inside) history.back();
  else go(otherwise);
}

/** @param {boolean} returning */
function show(returning) {
  leave();
  const { pathname, search } = location;
  const place = find("#main");
  place.replaceChildren();
  const [route, found] = match(pathname);
  document.title = `${route.title} · hepscope`;
  for (const link of document.querySelectorAll("nav a")) {
    const here = (pathname === "/" ? HOME : pathname).startsWith(link.getAttribute("href") ?? "-");
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  leave = route.screen({ place, rest: found, search, returning });
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
  return plain && !event.defaultPrevented && link.origin === location.origin && !link.target
    && !link.hasAttribute("download") && !/^\/(api|docs|openapi\.json)\b/.test(link.pathname) && !link.hash;
}
