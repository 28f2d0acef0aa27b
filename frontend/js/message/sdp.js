/** The media that an SDP describes (RFC 8866): a row each, with what holds for the whole session filled in. Pure. */

/** @typedef {{kind: string, address: string, port: string, protocol: string, codecs: string[], direction: string}} SdpRow */

/** Payload types that need no rtpmap (RFC 3551 6). @type {Readonly<Record<string, string>>} */
const STATIC = Object.freeze({ 0: "PCMU", 3: "GSM", 4: "G723", 8: "PCMA", 9: "G722", 15: "G728", 18: "G729", 26: "JPEG", 31: "H261", 34: "H263" });

const DIRECTION = /^(?:sendrecv|sendonly|recvonly|inactive)$/;

/** @param {string} text @returns {SdpRow[]} */
export function sdpRows(text) {
  let address = "";
  let direction = "sendrecv";
  /** @type {(SdpRow & {types: string[]})[]} */
  const rows = [];
  for (const line of text.split(/\r?\n/)) {
    const [key, value] = [line.slice(0, 2), line.slice(2).trim()];
    const row = rows.at(-1);
    if (key === "m=") {
      const [kind = "", port = "", protocol = "", ...types] = value.split(" ");
      rows.push({ kind, port, protocol, types, address, direction, codecs: types.map((type) => STATIC[type] ?? type) });
    } else if (key === "c=") {
      const told = value.split(" ")[2] ?? value;
      if (row) row.address = told;
      else address = told;
    } else if (key === "a=" && DIRECTION.test(value)) {
      if (row) row.direction = value;
      else direction = value;
    } else if (key === "a=" && row) {
      const map = /^rtpmap:(\d{1,3}) ([^/\s]{1,40})/.exec(value);
      const at = map ? row.types.indexOf(String(map[1])) : -1;
      if (at >= 0) row.codecs[at] = String(map?.[2]);
    }
  }
  return rows.map(({ types: _, ...row }) => row);
}
