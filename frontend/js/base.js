/**
 * Where the page is served: at the root of a host, or under a prefix of a reverse proxy. This file
 * lies in `js/` of that place, so its own address tells; in between stands `@` and the fingerprint
 * under which the server lets browsers keep the files of the page.
 */

const BASE = new URL("..", import.meta.url).pathname.replace(/(?:\/@[0-9a-f]+)?\/$/, "");

/** Return the address of a path of the page or the API. @param {string} path */
export const based = (path) => `${BASE}${path}`;

/** Return the path that an address of this page has inside it, null of an address of others. @param {string} pathname */
export function inside(pathname) {
  if (pathname !== BASE && !pathname.startsWith(`${BASE}/`)) return null;
  return pathname.slice(BASE.length) || "/";
}
