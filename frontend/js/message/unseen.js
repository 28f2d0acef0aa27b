/** Text with what cannot be seen made visible: control characters, and those that turn the direction of writing. */

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** @param {string} character */
const codeText = (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** Return text with what cannot be seen, or turns the direction of writing, as its number. @param {string} text */
export function visibleText(text) {
  return text.replaceAll("\r\n", "\n").replace(UNSEEN, codeText);
}
