/**
 * The page's state in the URL. Each screen declares its parameters in a table; reading gives one
 * frozen object with defaults filled in and everything that was not understood, writing leaves
 * defaults out. Nothing is dropped in silence.
 */

/** @typedef {{fallback: string, check?: (text: string) => boolean}} Parameter */
/** @typedef {Readonly<Record<string, string>>} Values */
/** @typedef {{name: string, value: string, known: boolean}} Stranger */

/**
 * Return the values of a query string and what in it is unknown or makes no sense.
 * @param {Readonly<Record<string, Parameter>>} table @param {string} search
 * @returns {{values: Values, strangers: Stranger[]}}
 */
export function readAddress(table, search) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const [name, parameter] of Object.entries(table)) values[name] = parameter.fallback;
  /** @type {Stranger[]} */
  const strangers = [];
  for (const [name, value] of new URLSearchParams(search)) {
    const parameter = Object.hasOwn(table, name) ? table[name] : undefined;
    if (parameter && (parameter.check?.(value) ?? true)) values[name] = value;
    else strangers.push({ name, value, known: Boolean(parameter) });
  }
  return { values: Object.freeze(values), strangers };
}

/**
 * Return the shortest query string, with its `?`, that reads back as these values.
 * @param {Readonly<Record<string, Parameter>>} table @param {Values} values
 */
export function writeAddress(table, values) {
  const query = new URLSearchParams();
  for (const [name, parameter] of Object.entries(table)) {
    const value = values[name] ?? parameter.fallback;
    if (value !== parameter.fallback) query.set(name, value);
  }
  return query.size ? `?${query}` : "";
}

/** @param {string} callId @param {string} [at] */
export function callAddress(callId, at) {
  const query = at ? `?${new URLSearchParams({ at })}` : "";
  return `/calls/${encodeURIComponent(callId)}${query}`;
}
