/**
 * Server-sent events (WHATWG HTML, 9.2) read from a fetch: unlike `EventSource` it tells the
 * status of a refusal, and goes on from an event that an earlier connection ended with.
 */

/** @typedef {{name: string, id: string, data: string}} ServerEvent */

/**
 * Call back for each event of a body until it ends; `alive` is called whenever bytes arrive.
 * @param {ReadableStream<Uint8Array>} body @param {(event: ServerEvent) => void} heard @param {() => void} alive
 */
export async function readEvents(body, heard, alive) {
  const [reader, decoder] = [body.getReader(), new TextDecoder()];
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) heard(event);
    }
  }
}

/** Return the event that a block of lines is, null of a comment. @param {string} block @returns {ServerEvent | null} */
function parseEvent(block) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    fields[name] = name === "data" && fields["data"] !== undefined ? `${fields["data"]}\n${value}` : value;
  }
  return fields["data"] === undefined ? null : { name: fields["event"] ?? "message", id: fields["id"] ?? "", data: fields["data"] };
}
