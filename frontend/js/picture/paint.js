/**
 * The look of shapes written into them: what the style sheet says becomes attributes, and classes
 * go. A style is asked for once for each combination of classes, as there may be 100,000 shapes.
 */

/** @type {readonly (keyof CSSStyleDeclaration & string)[]} */
const SHAPE = Object.freeze(["fill", "stroke", "strokeWidth", "strokeDasharray", "strokeLinecap", "strokeLinejoin", "opacity"]);

/** @type {readonly (keyof CSSStyleDeclaration & string)[]} */
const TEXT = Object.freeze([...SHAPE, "fontFamily", "fontSize", "fontWeight", "paintOrder", "textAnchor"]);

/** What holds without being said. @type {Readonly<Record<string, string>>} */
const USUAL = Object.freeze({ stroke: "none", strokeDasharray: "none", strokeLinecap: "butt", strokeLinejoin: "miter", opacity: "1", paintOrder: "normal", textAnchor: "start" });

/** Paint a drawing that is in the document. @param {SVGSVGElement} drawing */
export function painted(drawing) {
  /** @type {Map<string, [string, string][]>} */
  const looks = new Map();
  const elements = [...drawing.querySelectorAll("rect, path, circle, text")];
  const found = elements.map((element) => {
    const key = `${element.parentElement?.getAttribute("class")} ${element.tagName} ${element.getAttribute("class")}`;
    const known = looks.get(key);
    if (known) return known;
    const look = lookOf(element);
    looks.set(key, look);
    return look;
  });
  elements.forEach((element, index) => {
    for (const [name, value] of found[index] ?? []) element.setAttribute(name, value);
    element.removeAttribute("data-unfold");
  });
  for (const element of [drawing, ...drawing.querySelectorAll("[class]")]) element.removeAttribute("class");
}

/** @param {Element} element @returns {[string, string][]} */
function lookOf(element) {
  const style = getComputedStyle(element);
  const isStroked = style.stroke !== "none";
  return (element.tagName === "text" ? TEXT : SHAPE).flatMap((property) => {
    const value = String(style[property]);
    if (USUAL[property] === value || (!isStroked && property.startsWith("stroke"))) return [];
    return [/** @type {[string, string]} */ ([property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value])];
  });
}
