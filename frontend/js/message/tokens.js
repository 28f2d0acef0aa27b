/**
 * What stands out in a line of SIP or SDP: URIs, tags, branches, other parameters, codes. Pieces
 * of a line put together are the line; time grows with its length alone.
 */

/** @typedef {"" | "start" | "code" | "success" | "failure" | "fault" | "name" | "uri" | "tag" | "branch" | "parameter" | "text" | "key" | "media"} Kind */
/** @typedef {[Kind, string]} Piece */

const STATUS = /^(SIP\/2\.0 )(\d{3})(?= |$)/;
const REQUEST = /^([A-Za-z]{1,30}) (\S+)( SIP\/2\.0)$/;
const NAME = /^[^\s:]{1,100}[ \t]*(?=:)/;
const VALUE = /((?:sips?|tel|urn|https?):[^\s<>";,]+)|(;[ \t]*tag=)([^;,>\s]*)|(;[ \t]*branch=)([^;,>\s]*)|(;[ \t]*[A-Za-z][\w.-]{0,40})(?==|;|$|,|>)|("(?:[^"\\]|\\.){0,500}")/g;
const SDP = /^([a-z])=(.*)$/;

/** @param {string} line @returns {Piece[]} */
export function startPieces(line) {
  const status = STATUS.exec(line);
  if (status) return [["start", String(status[1])], [kindOfCode(Number(status[2])), String(status[2])], ["start", line.slice(status[0].length)]];
  const request = REQUEST.exec(line);
  return request ? [["code", String(request[1])], ["", " "], ["uri", String(request[2])], ["start", String(request[3])]] : [["start", line]];
}

/** Codes look as their arrows do. @param {number} code @returns {Kind} */
function kindOfCode(code) {
  if (code < 200) return "code";
  if (code < 300) return "success";
  return code < 500 ? "failure" : "fault";
}

/** @param {string} line @returns {Piece[]} */
export function headerPieces(line) {
  const name = NAME.exec(line)?.[0] ?? "";
  return name ? [["name", name], ...valuePieces(line.slice(name.length))] : valuePieces(line);
}

/** @param {string} value @returns {Piece[]} */
export function valuePieces(value) {
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  for (const match of value.matchAll(VALUE)) {
    if (match.index > at) pieces.push(["", value.slice(at, match.index)]);
    const [whole, uri, tag, tagValue, branch, branchValue, , quoted] = match;
    if (uri) pieces.push(["uri", uri]);
    else if (tag !== undefined) pieces.push(["parameter", tag], ["tag", tagValue ?? ""]);
    else if (branch !== undefined) pieces.push(["parameter", branch], ["branch", branchValue ?? ""]);
    else pieces.push([quoted ? "text" : "parameter", whole]);
    at = match.index + whole.length;
  }
  if (at < value.length) pieces.push(["", value.slice(at)]);
  return pieces;
}

/** @param {string} line @returns {Piece[]} */
export function sdpPieces(line) {
  const match = SDP.exec(line);
  if (!match) return [["", line]];
  const [, key, value] = /** @type {[string, string, string]} */ (/** @type {unknown} */ (match));
  const isMedia = key === "m" || key === "c" || /^(?:sendrecv|sendonly|recvonly|inactive)$/.test(value);
  return [["key", key], ["", "="], [isMedia ? "media" : "", value]];
}
