/**
 * Streams of media as bands of a ladder: from the first report to the last one, between the hosts
 * whose addresses the reports name. A relay is rarely a host of the ladder; it stands where the SDP
 * that names its address was first sent from. A stream of which an end is unknown has no band.
 */
import { micros } from "../times.js";
import { codecText, mosText, msText, percentText } from "../media/words.js";
import { CALL } from "../words/call.js";

/** @typedef {import("../api.js").MediaStream} MediaStream */
/** @typedef {import("../api.js").MediaPoint} MediaPoint */
/** @typedef {import("../api.js").Endpoint} Endpoint */
/** @typedef {import("./flow.js").Arrow} Arrow */
/** @typedef {import("./hosts.js").Parties} Parties */
/** @typedef {{number: number, stream: MediaStream, startUs: number, endUs: number, from: number, to: number, via: string}} Band `number` of the stream in the media tab; `via` the name or address of a relay */
/** @typedef {{band: Band, point: MediaPoint, startUs: number}} Report */

/** @param {MediaStream[]} streams @param {Arrow[]} arrows @param {Parties} parties @returns {Band[]} in order of time */
export function bandsOf(streams, arrows, { parties, endsOf }) {
  const columns = new Map(parties.map(({ place }, index) => [place, index]));
  /** @param {Endpoint | null} end */
  const columnOf = (end) => columns.get(end?.ip ?? "") ?? (end?.ip ? relayColumn(end.ip, end.port, arrows, endsOf) : -1);
  return streams.flatMap((stream, index) => {
    const [first, last] = [stream.points[0], stream.points.at(-1)];
    const [from, to] = [columnOf(stream.source), columnOf(stream.destination)];
    if (!first || !last || from < 0 || to < 0 || from === to) return [];
    const via = [stream.source, stream.destination].flatMap((end) => (end?.ip && !columns.has(end.ip) ? [end.name ?? end.ip] : [])).join(", ");
    return [{ number: index + 1, stream, startUs: micros(first.time), endUs: micros(last.time), from, to, via }];
  }).sort((one, other) => one.startUs - other.startUs);
}

/** The column that first sent an SDP with an address, of several the one with the port too; RTCP is one port above. @param {string} ip @param {number | null} port @param {Arrow[]} arrows @param {Parties["endsOf"]} endsOf */
function relayColumn(ip, port, arrows, endsOf) {
  /** @param {(media: import("./flow.js").SdpMedia) => boolean} fits */
  const naming = (fits) => arrows.find(({ sdp }) => sdp?.media.some((media) => media.address === ip && fits(media)));
  const arrow = naming((media) => media.port === port || media.port === (port ?? 0) - 1) ?? naming(() => true);
  return arrow ? endsOf(arrow).from : -1;
}

/** The reports of streams, in order of time. @param {Band[]} bands @returns {Report[]} */
export const reportsOf = (bands) => bands.flatMap((band) => band.stream.points.map((point) => ({ band, point, startUs: micros(point.time) }))).sort((one, other) => one.startUs - other.startUs);

/** What a band says, the longest first: `RTP PCMA via 203.0.113.40 · reported for 37.4 s · loss 0.1 % · MOS 4.30` @param {Band} band @returns {string[]} */
export function bandTexts({ stream, startUs, endUs, via }) {
  const { summary } = stream;
  const mos = summary.mos.mean ?? summary.mos_said.mean ?? summary.mos.worst ?? summary.mos_said.worst;
  const seconds = (endUs - startUs) / 1_000_000;
  const codec = [CALL.media, stream.codec && codecText(stream)].filter(Boolean).join(" ");
  const lasting = seconds > 0 && CALL.reportedFor(seconds);
  const quality = [summary.loss.mean !== null && CALL.loss(percentText(summary.loss.mean * 100)), mos !== null && `MOS ${mosText(mos)}`];
  const all = [via && [`${codec} ${CALL.via(via)}`, lasting, ...quality], [codec, lasting, ...quality], [codec, ...quality], [CALL.media, ...quality], [CALL.media, quality[1]], [CALL.media]];
  return all.filter((words) => words !== "").map((words) => words.filter(Boolean).join(" · "));
}

/** `RTCP loss 0.4 % · jitter 2.5 ms · round trip 30 ms` @param {MediaPoint} point */
export function reportText({ loss, jitter_ms: jitter, round_trip_ms: trip }) {
  const words = [loss !== null && CALL.loss(percentText(loss * 100)), jitter !== null && CALL.jitter(msText(jitter)), trip !== null && CALL.roundTrip(msText(trip))].filter(Boolean);
  return `${CALL.report} ${words.join(" · ")}`.trim();
}
