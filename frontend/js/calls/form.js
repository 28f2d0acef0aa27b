/** The search form: words, time range and fields. It holds no state; the URL does. */
import { find, h } from "../dom.js";
import { rangeControls, readRange } from "../range.js";
import { ANY, FIELDS, STATES } from "./query.js";

/** @typedef {import("../address.js").Values} Values */

const METHODS = ["INVITE", "OPTIONS", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "INFO", "REFER"];

/**
 * Return the form, filled in; `search` is called with what the reader wants.
 * @param {Values} values @param {(values: Values) => void} search
 */
export function searchForm(values, search) {
  const submit = () => search(read(form, values));
  const form = h("form", { class: "search", role: "search", "aria-label": "Calls" },
    h("div", { class: "search-line" },
      h("div", { class: "words" }, h("input", { name: "q", type: "search", value: values["q"], autocomplete: "off",
        "aria-label": "Words: part of a number, a Call-ID, an address", placeholder: "Part of a number, a Call-ID, an address" })),
      ...rangeControls(values, submit), h("button", { class: "primary" }, "Search")),
    fieldBox(values));
  for (const name of ["method", "state"]) find(`[name=${name}]`, form).addEventListener("change", submit);
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  return form;
}

/** @param {Values} values */
function fieldBox(values) {
  const method = values["method"] ?? "";
  const methods = Object.fromEntries([...new Set([...METHODS, ...(method === ANY ? [] : [method])])].map((one) => [one, one]));
  const box = h("details", { class: "fields" }, h("summary", {}, "Fields"),
    h("div", { class: "fields-grid" },
      ...FIELDS.map(({ name, label, hint }) => labelled(label, h("input", { name, value: values[name], placeholder: hint, autocomplete: "off", spellcheck: "false" }))),
      labelled("Method", select("method", { ...methods, [ANY]: "Any" }, method)),
      labelled("State", select("state", { "": "Any", ...Object.fromEntries(STATES.map((one) => [one, one])) }, values["state"]))));
  box.open = matchMedia("(min-width: 720px)").matches;
  return box;
}

/** @param {HTMLFormElement} form @param {Values} values @returns {Values} */
function read(form, values) {
  const data = new FormData(form);
  /** @param {string} name */
  const text = (name) => String(data.get(name) ?? "").trim();
  const names = ["q", "method", "state", ...FIELDS.map(({ name }) => name)];
  return Object.freeze({
    ...values, sel: "",
    ...Object.fromEntries(names.map((name) => [name, text(name)])),
    ...readRange(data),
  });
}

/** @param {string} label @param {HTMLElement} control */
const labelled = (label, control) => h("label", {}, label, control);

/** @param {string} name @param {Record<string, string>} options @param {string} [chosen] */
function select(name, options, chosen = "") {
  return h("select", { name }, ...Object.entries(options).map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
}
