/**
 * What the reader chose on this device and finds again: columns, widths, theme, zone. JSON in
 * localStorage under names of our own. A storage that is full or forbidden costs nothing but the
 * memory over a reload.
 */

const PREFIX = "hepscope.";

/** What stands where the storage refuses, and what was read already. @type {Map<string, unknown>} */
const known = new Map();

/** What is done when another tab keeps something else. @type {Map<string, () => void>} */
const followers = new Map();

// Without this a tab would write back what it read before another one changed it.
addEventListener("storage", ({ key }) => {
  // Without a key all of it was cleared.
  const name = key?.startsWith(PREFIX) ? key.slice(PREFIX.length) : null;
  if (key !== null && name === null) return;
  const changed = name === null ? [...known.keys()] : [name];
  for (const one of changed) known.delete(one);
  for (const [one, follow] of followers) if (changed.includes(one)) follow();
});

/** Do something when another tab keeps something else under a name. @param {string} name @param {() => void} follow */
export function whenKept(name, follow) {
  followers.set(name, follow);
}

/**
 * Return what is kept under a name, the fallback where nothing is, or where what is there is of
 * another kind (text, number, list, object) than the fallback.
 * @template T
 * @param {string} name @param {T} fallback @returns {T}
 */
export function kept(name, fallback) {
  if (!known.has(name)) known.set(name, stored(name));
  const value = known.get(name);
  return kindOf(value) === kindOf(fallback) ? /** @type {T} */ (value) : fallback;
}

/** Keep a value; `undefined` forgets it. @param {string} name @param {unknown} value anything that is JSON */
export function keep(name, value) {
  known.set(name, value);
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full, or forbidden by the browser: kept for as long as this page is open.
  }
}

/** @param {string} name @returns {unknown} */
function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
const kindOf = (value) => (Array.isArray(value) ? "list" : value === null ? "nothing" : typeof value);
