/** Who saw a message, where several capture points did: each with its own time, to choose from. */
import { h } from "../dom.js";
import { clock, longTime, micros } from "../times.js";
import { CALL, MESSAGE } from "../words/call.js";
import { visibleText } from "./unseen.js";

/** @param {import("./panel.js").Shown} shown @param {(messageId: string) => void} choose */
export function seenBy({ arrow, messageId }, choose) {
  if (arrow.copies.length < 2) return [];
  const first = micros(arrow.copies[0]?.time ?? arrow.time);
  const items = arrow.copies.map(({ message_id: id, node, time }) => {
    const ms = (micros(time) - first) / 1000;
    return h("button", { type: "button", class: "seen", "aria-pressed": String(id === messageId), title: longTime(time), click: () => choose(id) },
      h("span", {}, visibleText(node || CALL.noNode)), h("span", { class: "code" }, clock(time)), h("span", { class: "quiet" }, ms ? `${ms > 0 ? "+" : "−"}${Math.abs(ms).toFixed(3)} ms` : ""));
  });
  return [h("div", { class: "seen-by", role: "group", "aria-label": MESSAGE.seenBy }, h("span", { class: "quiet" }, MESSAGE.seenBy), ...items)];
}
