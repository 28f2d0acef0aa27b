/** What people paste into the bar, as words that the API knows: URIs, headers, numbers with blanks. */

import { callIdOfSegment } from "../address.js";

/** The user and host of a SIP or tel URI, alone or inside a header. */
const URI = /(?:^|<)\s*(?:sips?|tel):([^\s;?>]+)/i;

const CALL_ID_HEADER = /^(?:call-id|i)\s*:\s*(\S+)$/i;

/** The address of a call, on a page of hepscope or in its API. */
const CALL_ADDRESS = /^https?:\/\/[^?#]*?\/calls\/([^/?#\s]+)\S*$/i;

/** Digits as people group them; what has dots or slashes may be an address or a network. */
const GROUPED = /^(?:\+|00?)?[\d\s()-]+$/;

/** What is looked for as a part of numbers, or as an address. */
const NUMBER_OR_NETWORK = /^\+?[\d()./:*-]+$/;

/** From so many digits on a group is a number of its own. */
const WHOLE_NUMBER = 7;

/**
 * Return the words that pasted text means, the text itself where it is nothing special. A grouped
 * number loses its prefix as well (`+`, `00`, `(0)`): words find parts of numbers, and platforms
 * write the prefix in many ways.
 * @param {string} text
 */
export function plainWords(text) {
  const uri = URI.exec(text)?.[1];
  if (uri) return uri.replace(/(@(?:\[[^\]]*\]|[^:]*)):\d+$/, "$1");
  const named = namedCallId(text.trim());
  if (named) return named;
  const number = text.trim();
  if (!GROUPED.test(number) || !isOneNumber(number)) return text;
  return number.replace(/\(0\)/, "").replaceAll(/\D/g, "").replace(/^00/, "");
}

/**
 * Return the Call-ID that text may be: of a header's line, of a call's address, or a lone word that
 * is no number and no network; "" where it can be none.
 * @param {string} text
 */
export function callIdOf(text) {
  const word = text.trim();
  return namedCallId(word) || (/^\S+$/.test(word) && !NUMBER_OR_NETWORK.test(word) && !URI.test(word) ? word : "");
}

/** @param {string} text */
function namedCallId(text) {
  const header = CALL_ID_HEADER.exec(text)?.[1];
  const segment = header ? "" : CALL_ADDRESS.exec(text)?.[1] ?? "";
  try {
    return header ?? callIdOfSegment(segment);
  } catch {
    // A percent sign of no encoding: the address is none of ours.
    return "";
  }
}

/** Whether digits with blanks, brackets or hyphens are one number, not several words. @param {string} text */
function isOneNumber(text) {
  const groups = text.split(/\s+/);
  if (groups.filter((group) => group.replaceAll(/\D/g, "").length >= WHOLE_NUMBER).length > 1) return false;
  return /^(?:\+|0)\S*\s/.test(text) || /[()]/.test(text) || /^\+\d[\d-]*-/.test(text);
}
