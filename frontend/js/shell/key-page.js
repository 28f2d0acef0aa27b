/** The page of keys: what each does on this screen and everywhere, and whether letters act. */
import { find, h } from "../dom.js";
import { keyCap, keyTables, letLettersAct, lettersAct } from "../keys.js";
import { KEY_WORDS } from "../words/keys.js";

/** @typedef {import("../keys.js").Action} Action */

/** Show it; Escape, its button and a click beside it close it. */
export function showKeyPage() {
  const { ofScreen, ofPage } = keyTables();
  const dialog = h("dialog", { class: "key-page", "aria-labelledby": "key-page-title" },
    h("header", {}, h("h2", { id: "key-page-title" }, KEY_WORDS.title),
      h("button", { type: "button", click: () => dialog.close() }, KEY_WORDS.close)),
    h("div", { class: "key-tables", tabindex: 0, role: "region", "aria-label": KEY_WORDS.title },
      ...(ofScreen.length ? [keyTable(KEY_WORDS.onScreen(find(".screen-title").textContent ?? ""), ofScreen)] : []), keyTable(KEY_WORDS.everywhere, ofPage)),
    lettersChoice());
  dialog.addEventListener("close", () => dialog.remove());
  // A click on the ground around it is on the dialog itself, one within is on what lies there.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  find("button", dialog).focus();
}

/** @param {string} caption @param {readonly Action[]} table */
function keyTable(caption, table) {
  const rows = table.filter(({ hint, does }) => does || hint).map(({ keys, hint, does }) => h("tr", {},
    h("td", {}, ...keys.flatMap((key) => [...key.split(/(?<=.) (?=.)/).map(keyCap), " "])), h("th", { scope: "row" }, does ?? hint)));
  return h("table", {}, h("caption", {}, caption), h("tbody", {}, ...rows));
}

function lettersChoice() {
  const box = h("input", { type: "checkbox", checked: lettersAct(), "aria-describedby": "letters-why",
    change: () => letLettersAct(box.checked) });
  return h("footer", {}, h("label", {}, box, KEY_WORDS.letters), h("p", { id: "letters-why", class: "quiet" }, `${KEY_WORDS.lettersWhy} ${KEY_WORDS.inFields}`));
}
