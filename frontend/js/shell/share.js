/** A link to what is shown that means the same tomorrow, and to somebody in another zone. */
import { ZONE } from "../address.js";
import { now } from "../clock.js";
import { copyText } from "../copy.js";
import { find } from "../dom.js";
import { isMoment, toUtc, zone } from "../times.js";
import { SHELL_WORDS } from "../words/shell.js";

/** The parameters that hold moments, relative ones perhaps. */
const MOMENTS = ["from", "to"];

/** Return an address with its times fixed and the zone named. @param {string} address @param {number} nowMs */
function fixedAddress(address, nowMs) {
  const url = new URL(address);
  for (const name of MOMENTS) {
    const moment = url.searchParams.get(name);
    if (moment && isMoment(moment)) url.searchParams.set(name, toUtc(moment, nowMs));
  }
  url.searchParams.set(ZONE, zone());
  return url.href;
}

/** Copy it, and say so. */
export async function copyLink() {
  const done = await copyText(fixedAddress(location.href, now()));
  find(".foot-said").textContent = done ? SHELL_WORDS.copied : SHELL_WORDS.notCopied;
}
