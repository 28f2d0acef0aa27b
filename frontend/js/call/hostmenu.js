/** The menu of a host of the ladder. */
import { toggled, readChoices, listText } from "../ladder/choices.js";
import { movedOrder } from "../ladder/hosts.js";
import { copyText } from "../copy.js";
import { visibleText } from "../message/unseen.js";
import { BAR, CALL } from "../words/call.js";
import { openPopup } from "./popup.js";

/** @typedef {import("../ladder/hosts.js").Party} Party */

/**
 * @param {HTMLElement} box @param {Party} party @param {number} index
 * @param {import("../ladder/ladder.js").Ladder} ladder @param {import("./state.js").CallState} state @param {(change: Record<string, string>) => void} change
 */
export function openHostMenu(box, party, index, ladder, state, change) {
  const choices = readChoices(state.values);
  const { parties } = ladder;
  const move = (/** @type {number} */ to) => change({ order: listText(movedOrder(parties, party.key, to)) });
  const isSplit = choices.ports.has(party.place);
  openPopup(box, visibleText(party.name), [
    visibleText([party.name, party.address].filter((one, at, all) => one && all.indexOf(one) === at).join(" · ")),
    index > 0 && { label: BAR.moveLeft, hint: "Shift ←", run: () => move(index - 1) },
    index < parties.length - 1 && { label: BAR.moveRight, hint: "Shift →", run: () => move(index + 1) },
    (isSplit || party.ports > 1) && { label: isSplit ? BAR.join : BAR.split, run: () => change({ ports: toggled(choices.ports, party.place) }) },
    parties.length > 1 && { label: BAR.hideHost, run: () => change({ without: toggled(choices.without, party.key) }) },
    { label: BAR.byName, checked: !choices.addresses, run: () => change({ names: "" }) },
    { label: BAR.byAddress, checked: choices.addresses, run: () => change({ names: "address" }) },
    Boolean(party.address) && { label: BAR.copyAddress, run: () => void copyText(party.address) },
    party.nodes.length > 0 && visibleText(CALL.capturedAt(party.nodes.join(", "))),
    ...ladder.hidden.map(({ key, name }) => ({ label: BAR.showHost(visibleText(name)), run: () => change({ without: toggled(choices.without, key) }) })),
  ]);
}
