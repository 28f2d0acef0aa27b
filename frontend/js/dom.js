/**
 * Elements as function calls. What arrives from the network is text and stays text: children
 * that are strings become text nodes, and there is no way from a string to markup.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Props */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Return an HTML element. A property that is a function listens to the event of that name;
 * `false`, `null` and `undefined` leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Props} [props] @param {Child[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  apply(element, props);
  element.append(...kept(children));
  return element;
}

/**
 * Return an SVG element.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag @param {Props} [props] @param {Child[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  apply(element, props);
  element.append(...kept(children));
  return element;
}

/**
 * Return the one element that a selector finds; the shell always has it.
 * @param {string} selector @param {ParentNode} [within] @returns {HTMLElement}
 */
export function find(selector, within = document) {
  const element = within.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * Make the children of an element these, changing those that are there as little as can be: what
 * is replaced is styled and laid out anew. Elements whose tag is the same are kept, listeners and all. @param {Element} place @param {readonly Child[]} children
 */
export function become(place, children) {
  let before = place.firstChild;
  for (const child of kept([...children])) {
    const next = before?.nextSibling ?? null;
    if (!before) place.append(child);
    else if (!isMade(before, child)) before.replaceWith(child);
    before = next;
  }
  while (before) {
    const next = before.nextSibling;
    before.remove();
    before = next;
  }
}

/** Make a node like another, if it can be. @param {Node} node @param {Node | string} wanted @returns {boolean} whether it could */
function isMade(node, wanted) {
  const text = wanted instanceof Text ? wanted.data : wanted;
  if (typeof text === "string") {
    if (!(node instanceof Text)) return false;
    if (node.data !== text) node.data = text;
    return true;
  }
  if (!(node instanceof Element && wanted instanceof Element && node.localName === wanted.localName)) return false;
  for (const { name } of [...node.attributes]) if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  become(node, [...wanted.childNodes]);
  return true;
}

/** @param {Element} element @param {Props} props */
function apply(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function kept(children) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  for (const child of children) {
    if (child instanceof Node) nodes.push(child);
    else if (child != null && child !== false && child !== "") nodes.push(String(child));
  }
  return nodes;
}
