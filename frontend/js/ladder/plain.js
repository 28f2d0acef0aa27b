/** Text as XML 1.0 allows it, and as no viewer turns it round: what cannot be drawn becomes U+FFFD. */

const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** @param {string} text */
export const plain = (text) => text.replace(FORBIDDEN, "\ufffd");
