/** The line below the bar that says that this device's clock is not the server's. */
import { watchClock } from "../clock.js";
import { find, h } from "../dom.js";
import { go } from "../router.js";
import { CLOCK_WORDS as WORDS } from "../words/shell.js";

/** Show it while it is so. */
export function startClockNote() {
  const note = h("p", { class: "note clock-note", role: "status" });
  watchClock((aheadMs, isFirst) => {
    note.textContent = aheadMs ? WORDS.differs(apart(Math.abs(aheadMs)), aheadMs > 0) : "";
    if (aheadMs) find("#main").before(note);
    else note.remove();
    // What was asked so far was asked for another time than is meant.
    if (aheadMs && isFirst) go(location.href);
  });
}

/** `25 h`, `3 days` @param {number} ms from a minute on */
function apart(ms) {
  const minutes = Math.round(ms / 60_000);
  const [count, unit] = minutes < 120 ? [minutes, WORDS.minute] : minutes < 2880 ? [Math.round(minutes / 60), WORDS.hour] : [Math.round(minutes / 1440), WORDS.day];
  return `${count.toLocaleString()} ${unit}${count === 1 ? "" : "s"}`;
}
