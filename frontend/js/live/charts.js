/** Three small charts of the last ten minutes, drawn anew as events come. */
import { barPath, bars, lines } from "../charts/marks.js";
import { axisOf, fixed, present, sumsOf } from "../charts/scale.js";
import { now } from "../clock.js";
import { h, svg } from "../dom.js";
import { CHART, LIVE } from "../words/live.js";
import { Course, STEP_MS } from "./course.js";

/** @typedef {import("../charts/chart.js").Layer} Layer */
/** @typedef {{title: string, text: (value: number) => string, layers: (course: Course, atMs: number) => Layer[], draw: import("../charts/chart.js").Options["draw"], whole: boolean, area?: boolean}} Kind */

const EDGE = Object.freeze({ left: 34, right: 4, top: 8, bottom: 18 });

/** Below this height times are left out: what the width is, all three charts share. */
const LOW = 80;

/** @param {number} value */
const whole = (value) => value.toLocaleString("en");
/** @param {number} value */
const tenth = (value) => (value >= 100 ? whole(Math.round(value)) : value.toFixed(1));

/** @type {Kind[]} */
const KINDS = [
  { title: LIVE.callsNow, text: whole, whole: true, area: true, draw: lines(0.5),
    layers: (course, atMs) => [{ name: LIVE.callsNow, look: "first", values: course.values(atMs, ({ now }) => now) }] },
  { title: LIVE.starting, text: tenth, whole: false, draw: lines(0.5),
    layers: (course, atMs) => [{ name: LIVE.starting, look: "", values: course.values(atMs, (tally) => tally.starting_per_s) }] },
  { title: LIVE.failures, text: whole, whole: true, draw: bars,
    layers: (course, atMs) => /** @type {const} */ (["fault", "no_reply", "rejected"]).map((name) => (
      { name: LIVE.failureNames[name], look: name.replace("_", "-"), values: course.bars(atMs, ({ failures }) => failures[name]) })) },
];

/** The charts and what they show. */
export class Charts {
  #course = new Course();
  #atMs = now();

  constructor() {
    this.charts = KINDS.map((kind) => new SmallChart(kind));
    this.element = h("div", { class: "live-charts" }, ...this.charts.map(({ element }) => element));
    this.resizes = new ResizeObserver(() => this.draw());
    this.resizes.observe(this.element);
  }

  leave() {
    this.resizes.disconnect();
  }

  /** @param {import("./course.js").Tally} tally @param {number} atMs */
  add(tally, atMs) {
    this.#course.add(tally, atMs);
    this.#atMs = atMs;
  }

  /** Take what was before this page was open. @param {{step_s: number, items: (import("./course.js").Tally & {time: string})[]}} history */
  addPast({ step_s: step, items }) {
    items.forEach((item, index) => {
      const before = items[index - 1] ?? item;
      // Its steps are longer than ours: between two of them lies a straight line.
      for (let backMs = step * 1000 - STEP_MS; backMs >= 0; backMs -= STEP_MS) {
        const between = (/** @type {number} */ now, /** @type {number} */ then) => now + (then - now) * (backMs / (step * 1000));
        this.add({ failures: item.failures, now: Math.round(between(item.now, before.now)), starting_per_s: between(item.starting_per_s, before.starting_per_s) },
          Date.parse(item.time) - backMs);
      }
    });
  }

  draw() {
    for (const chart of this.charts) chart.draw(this.#course, this.#atMs);
  }
}

class SmallChart {
  /** @param {Kind} kind */
  constructor(kind) {
    this.kind = kind;
    this.figure = h("b", { class: "live-figure" });
    this.canvas = svg("svg", { class: "live-canvas", width: "100%", role: "img", "aria-label": CHART.empty(kind.title) });
    this.element = h("section", { class: "card live-chart plot", "aria-label": kind.title },
      h("header", {}, h("h2", {}, kind.title), kind.draw === bars && key(), this.figure), this.canvas);
  }

  /** @param {Course} course @param {number} atMs */
  draw(course, atMs) {
    const { kind } = this;
    const layers = kind.layers(course, atMs);
    const count = layers[0]?.values.length ?? 1;
    const sums = sumsOf(count, layers).map((sum, at) => (layers[0]?.values[at] == null ? null : sum));
    const known = present(sums);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.figure.textContent = known.length ? kind.text(Number(known.at(-1))) : "";
    this.canvas.setAttribute("aria-label", known.length ? CHART.said(kind.title, kind.text(Number(known.at(-1))), kind.text(Math.min(...known)), kind.text(Math.max(...known))) : CHART.empty(kind.title));
    if (!width) return;
    const axis = axisOf(known, { whole: kind.whole });
    const isLow = height < LOW;
    const [right, bottom] = [width - EDGE.right, height - (isLow ? EDGE.right : EDGE.bottom)];
    const frame = {
      left: EDGE.left, top: EDGE.top, right, bottom,
      x: (/** @type {number} */ at) => EDGE.left + (at / count) * (right - EDGE.left),
      y: (/** @type {number} */ value) => bottom - ((value - axis.low) / (axis.high - axis.low)) * (bottom - EDGE.top),
    };
    this.canvas.replaceChildren(...scale(frame, axis, kind), ...(isLow ? [] : times(frame)), ...(kind.area ? [area(frame, sums)] : []), ...kind.draw(frame, layers));
  }
}

/** @param {import("../charts/chart.js").Frame} frame @param {import("../charts/scale.js").Axis} axis @param {Kind} kind */
function scale(frame, axis, { text }) {
  const middle = axis.ticks.length % 2 ? axis.ticks[(axis.ticks.length - 1) / 2] : undefined;
  return [axis.low, middle, axis.high].flatMap((value) => {
    if (value === undefined) return [];
    const y = fixed(frame.y(value));
    return [svg("line", { class: value === axis.low ? "base" : "grid-line", x1: frame.left, x2: frame.right, y1: y, y2: y }),
      svg("text", { x: frame.left - 6, y: y + 4, "text-anchor": "end" }, text(value))];
  });
}

/** @param {import("../charts/chart.js").Frame} frame */
function times(frame) {
  const places = /** @type {const} */ ([[frame.left, "start"], [(frame.left + frame.right) / 2, "middle"], [frame.right, "end"]]);
  return places.map(([x, anchor], index) => svg("text", { x: fixed(x), y: frame.bottom + 14, "text-anchor": anchor }, LIVE.ago[index]));
}

/** What lies under a line, hole by hole. @param {import("../charts/chart.js").Frame} frame @param {import("../charts/scale.js").Numbers} values */
function area(frame, values) {
  let d = "";
  values.forEach((value, at) => {
    const next = values[at + 1];
    if (value == null || next == null) return;
    const [x, to] = [fixed(frame.x(at + 0.5)), fixed(frame.x(at + 1.5))];
    d += `M${x} ${frame.bottom}V${fixed(frame.y(value))}L${to} ${fixed(frame.y(next))}V${frame.bottom}z`;
  });
  return svg("path", { class: "live-area", d });
}

/** What the bars are, in the same shapes. */
const key = () => h("span", { class: "live-key" }, ...Object.entries(LIVE.failureNames).map(([name, text]) =>
  h("span", {}, svg("svg", { width: 9, height: 9, "aria-hidden": "true" }, barPath(name.replace("_", "-"), "M0 0h9v9h-9z")), ` ${text}`)));
