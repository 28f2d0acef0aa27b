/** The keys of a call's screen, by tab. */
import { stepAction, useKeys } from "../keys.js";
import { KEYS, TAB_NAMES } from "../words/call.js";
import { TABS } from "./tabs.js";

/** @typedef {import("./tabs.js").Tab} Tab */
/** @typedef {import("./part.js").LadderPart} LadderPart */
/** @typedef {{part: LadderPart | null, logsView: import("../logs/view.js").LogsView | null, hasMedia: boolean, showTab: (tab: Tab) => void, goTo: (way: "previous" | "next") => void, reload: () => void, back: () => void}} Screen */

/** @param {Screen} screen @param {Tab} tab the one that is shown */
export function callKeys(screen, tab) {
  const tabs = TABS.flatMap((one, index) => (!screen.part || (one === "media" && !screen.hasMedia) ? [] : [{ keys: [String(index + 1)], hint: TAB_NAMES[one].toLowerCase(), run: () => screen.showTab(one) }]));
  /** @param {(part: LadderPart) => void} does */
  const inLadder = (does) => () => {
    screen.showTab("ladder");
    if (screen.part) does(screen.part);
  };
  /** @param {(part: LadderPart) => void} does */
  const moving = (does) => inLadder((part) => { does(part); part.ladder.focusSelected(); });
  const ways = tab === "logs" ? [{ keys: ["/"], hint: KEYS.filter, run: () => screen.logsView?.focusFilter() }] : [
    stepAction(KEYS.message, (by) => moving((part) => part.step(by))()),
    { keys: ["n", "N"], hint: KEYS.failure, does: KEYS.failureDoes, run: (/** @type {string} */ key) => moving((part) => part.stepFailure(key === "n" ? 1 : -1))() },
    { keys: ["c"], hint: KEYS.mark, does: KEYS.markDoes, run: inLadder((part) => part.mark()) },
    { keys: ["t"], hint: KEYS.time, does: KEYS.timeDoes, run: inLadder((part) => part.turnTime()) },
    { keys: ["h"], hint: "", does: KEYS.hide, run: inLadder((part) => part.hideNoise()) },
    { keys: ["d"], hint: "", does: KEYS.sdp, run: inLadder((part) => part.toggleSdp()) },
    { keys: ["w"], hint: "", does: KEYS.copy, run: inLadder((part) => part.panel.copy()) },
  ];
  useKeys([...ways, ...tabs,
    { keys: ["r"], hint: "", does: KEYS.reload, run: () => screen.reload() },
    { keys: ["[", "]"], hint: "", does: KEYS.neighbours, run: (/** @type {string} */ key) => screen.goTo(key === "[" ? "previous" : "next") },
    { keys: ["Escape"], hint: KEYS.close, run: () => screen.back() }]);
}
