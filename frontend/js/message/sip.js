/**
 * A SIP message as start line, headers and bodies (RFC 3261 7, 7.3.3; RFC 2046 5.1). Reading never
 * fails: what is no header stands as a line without a name.
 */

/** @typedef {{name: string, value: string, line: number, lines: number}} Header `name` as written, "" of a line that is none */
/** @typedef {{type: string, text: string, line: number}} Part a body, at the line of the message where it begins */
/** @typedef {{start: string, headers: Header[], body: string, bodyLine: number, parts: Part[]}} Sip */

/** @type {Readonly<Record<string, string>>} */
const COMPACT = Object.freeze({
  a: "Accept-Contact", b: "Referred-By", c: "Content-Type", d: "Request-Disposition", e: "Content-Encoding", f: "From", i: "Call-ID", j: "Reject-Contact",
  k: "Supported", l: "Content-Length", m: "Contact", n: "Identity-Info", o: "Event", r: "Refer-To", s: "Subject", t: "To", u: "Allow-Events", v: "Via", x: "Session-Expires", y: "Identity",
});

const MOST_PARTS = 20;

/** The whole name of a header, lower case, for comparing. @param {string} name */
export function fullName(name) {
  const low = name.toLowerCase();
  return (Object.hasOwn(COMPACT, low) ? String(COMPACT[low]) : low).toLowerCase();
}

/** The name of a header as people write it. @param {string} name */
export const niceName = (name) => (Object.hasOwn(COMPACT, name.toLowerCase()) ? String(COMPACT[name.toLowerCase()]) : name);

/** @param {string} payload @returns {Sip} */
export function readSip(payload) {
  const [headText, body] = cutAtBlank(payload);
  const head = headText.split(/\r?\n/);
  const headers = headersOf(head);
  const type = headers.find(({ name }) => fullName(name) === "content-type")?.value ?? "";
  const bodyLine = head.length + 1;
  return { start: head[0] ?? "", headers, body, bodyLine, parts: partsOf(body, type, bodyLine) };
}

/** Text before and after the first empty line; bytes of a body stay as they are. @param {string} text @returns {[string, string]} */
function cutAtBlank(text) {
  const blank = /\r?\n\r?\n/.exec(text);
  return blank ? [text.slice(0, blank.index), text.slice(blank.index + blank[0].length)] : [text, ""];
}

/** @param {string[]} lines */
function headersOf(lines) {
  /** @type {Header[]} */
  const headers = [];
  lines.slice(1).forEach((line, index) => {
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last) {
      last.value += ` ${line.trim()}`;
      last.lines += 1;
      return;
    }
    const name = /^[^\s:]{1,100}(?=[ \t]*:)/.exec(line)?.[0] ?? "";
    headers.push({ name, value: name ? line.slice(line.indexOf(":") + 1).trim() : line, line: index + 1, lines: 1 });
  });
  return headers;
}

/** @param {string} body @param {string} type @param {number} line @returns {Part[]} */
function partsOf(body, type, line) {
  if (!body) return [];
  const media = mediaType(type);
  const boundary = /;\s*boundary=(?:"([^"]{1,100})"|([^\s;"]{1,100}))/i.exec(type);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (!media.startsWith("multipart/") || !mark) return [{ type: media || (body.startsWith("v=0") ? "application/sdp" : ""), text: body, line }];
  const parts = [];
  let at = line;
  for (const piece of body.split(`--${mark}`, MOST_PARTS + 2)) {
    const lead = /^[ \t]*\r?\n/.exec(piece)?.[0] ?? "";
    const [head, text] = cutAtBlank(piece.slice(lead.length));
    const own = headerValue(head, "content-type");
    const begin = piece.length - text.length;
    if (own && text) parts.push({ type: mediaType(own), text: text.replace(/\r?\n$/, ""), line: at + piece.slice(0, begin).split("\n").length - 1 });
    at += piece.split("\n").length - 1;
  }
  return parts;
}

/** @param {string} head @param {string} wanted */
const headerValue = (head, wanted) => headersOf(["", ...head.split(/\r?\n/)]).find(({ name }) => fullName(name) === wanted)?.value ?? "";

/** @param {string} type */
const mediaType = (type) => (type.split(";", 1)[0] ?? "").trim().toLowerCase();

/** Whether a body is one that people cannot read. @param {Part} part */
export const isBinary = ({ type, text }) => /isup|qsig|octet-stream|pkcs7/.test(type) || /[\u0000-\u0008\u000e-\u001a]/.test(text.slice(0, 2000));
