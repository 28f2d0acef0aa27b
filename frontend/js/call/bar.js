/** What stands above the ladder: which hosts, which time, what is hidden. Each choice stands in the URL. */
import { h } from "../dom.js";
import { listText, readChoices, toggled } from "../ladder/choices.js";
import { visibleText } from "../message/unseen.js";
import { BAR, CALL } from "../words/call.js";
import { popupButton } from "./popup.js";

/** @typedef {import("../ladder/ladder.js").Ladder} Ladder */
/** @typedef {import("./state.js").CallState} CallState */

/** @param {CallState} state @param {Ladder} ladder @param {(change: Record<string, string>) => void} change */
export function ladderBar(state, ladder, change) {
  const choices = readChoices(state.values);
  const hide = new Set([choices.hides100 && "100", choices.hidesResends && "resend", choices.hidesOthers && "other"].filter((one) => one !== false));
  const both = choices.hides100 && choices.hidesResends;
  const count = ladder.flow.arrows.length - ladder.sequence.arrows.length - foldedCount(ladder);
  /** @param {string} label @param {string} key @param {boolean} isOn @param {() => void} click */
  const toggle = (label, key, isOn, click) => h("button", { type: "button", class: "toggle", "aria-pressed": String(isOn), click }, label, h("kbd", {}, key));
  const view = () => [
    BAR.group, ...Object.entries(CALL.groupChoices).map(([value, label]) => ({ label, checked: choices.group === value, run: () => change({ group: value, ports: "" }) })),
    BAR.names, { label: BAR.byName, checked: !choices.addresses, run: () => change({ names: "" }) }, { label: BAR.byAddress, checked: choices.addresses, run: () => change({ names: "address" }) },
    choices.order.length > 0 && { label: BAR.usualOrder, run: () => change({ order: "" }) },
    ladder.hidden.length > 0 && BAR.hidden,
    ...ladder.hidden.map(({ key, name }) => ({ label: BAR.showHost(visibleText(name)), run: () => change({ without: toggled(choices.without, key) }) })),
    BAR.more, { label: BAR.others, checked: choices.hidesOthers, run: () => change({ hide: toggled(hide, "other") }) },
    ladder.streams.length > 0 && { label: BAR.reports, checked: choices.showsReports, run: () => change({ rtcp: choices.showsReports ? "" : "on" }) },
  ];
  const times = () => Object.entries(CALL.timeChoices).map(([value, label]) => ({ label, checked: choices.time === value, ...(value === "offset" && { hint: "t" }), run: () => change({ time: value }) }));
  return h("div", { class: "ladder-bar", role: "group", "aria-label": BAR.more },
    legFilter(ladder, choices, change),
    count > 0 && h("span", { class: "quiet", role: "status" }, BAR.hiddenCount(count)),
    count > 0 && h("button", { type: "button", class: "flat", click: () => change({ hide: "", only: "", legs: "", without: "" }) }, BAR.showAll),
    popupButton(BAR.hosts, "flat", view), popupButton(BAR.time, "flat", times),
    toggle(BAR.hide100, "h", both, () => hideNoise(state, change)), toggle(BAR.onlySdp, "d", choices.onlySdp, () => change({ only: choices.onlySdp ? "" : "sdp" })));
}

/** Hide 100 Trying and resends, or show them again. @param {CallState} state @param {(change: Record<string, string>) => void} change */
export function hideNoise(state, change) {
  const { hides100, hidesResends, hidesOthers } = readChoices(state.values);
  const isOff = !(hides100 && hidesResends);
  change({ hide: listText([...(isOff ? ["100", "resend"] : []), ...(hidesOthers ? ["other"] : [])]) });
}

/** Messages in folds that are closed are there, and no more hidden than what is off the screen. @param {Ladder} ladder */
function foldedCount(ladder) {
  return ladder.rows.reduce((sum, row) => sum + (row.kind === "fold" && !row.isOpen ? row.counts.reduce((all, [, count]) => all + count, 0) : 0), 0);
}

/** @param {Ladder} ladder @param {import("../ladder/choices.js").Choices} choices @param {(change: Record<string, string>) => void} change */
function legFilter(ladder, choices, change) {
  const { legs } = ladder.flow;
  if (legs.length < 2) return null;
  const shown = choices.legs.size ? choices.legs : new Set(legs.map(({ leg }) => leg));
  return h("div", { class: "leg-filter", role: "group", "aria-label": BAR.legs }, ...legs.map(({ leg, call_id: callId }) => h("button", {
    type: "button", class: "flat", "aria-pressed": String(shown.has(leg)), title: visibleText(callId), "aria-label": CALL.leg(leg),
    click: () => {
      const wanted = new Set(shown);
      if (!wanted.delete(leg)) wanted.add(leg);
      change({ legs: wanted.size === legs.length || !wanted.size ? "" : listText(legs.map((one) => one.leg).filter((one) => wanted.has(one))) });
    },
  }, h("span", { class: `leg leg-${leg.toLowerCase()}` }, leg))));
}
