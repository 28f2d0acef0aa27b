/** Media figures as text, and what a figure of a stream is called. */
import { NOTHING } from "../charts/readout.js";
import { MEDIA, REPORT_KINDS } from "../words/media.js";

/** @typedef {import("../api.js").MediaStream} MediaStream */
/** @typedef {import("../api.js").MediaPoint} MediaPoint */

/** Below this many users complain (ITU-T G.107, annex B). */
export const POOR_MOS = 3.6;

const CUMULATIVE = "cumulative";

/** What may be drawn over time: only losses of an interval. @type {Record<"mos" | "loss" | "jitter" | "roundTrip", (stream: MediaStream) => (point: MediaPoint) => number | null>} */
export const PICKS = Object.freeze({
  mos: (stream) => (isEstimated(stream) ? ({ mos }) => mos : saidMos),
  loss: ({ loss_window: told }) => ({ loss }) => (told === CUMULATIVE || loss === null ? null : loss * 100),
  jitter: () => ({ jitter_ms: ms }) => ms,
  roundTrip: () => ({ round_trip_ms: ms }) => ms,
});

/** Whether a MOS is our estimate; else it is what the source says, if anything. @param {MediaStream} stream */
export const isEstimated = (stream) => stream.summary.mos.worst !== null;

/** @param {MediaPoint} point */
const saidMos = ({ mos_cq_said: conversation, mos_lq_said: listening }) => conversation ?? listening;

/** Contexts of a stream's estimates, as `MOS-CQEN`. @param {MediaStream} stream */
export const contextsOf = (stream) => [...new Set(stream.points.flatMap(({ context }) => context ?? []))].join(", ");

/** @param {number | null} mos */
export const mosText = (mos) => (mos === null ? NOTHING : mos.toFixed(2));

/** @param {number | null} percent */
export const percentText = (percent) => (percent === null ? NOTHING : `${percent.toFixed(1)} %`);

/** @param {number | null} share 0 to 1 */
export const shareText = (share) => percentText(share === null ? null : share * 100);

/** @param {number | null} ms */
export const msText = (ms) => (ms === null ? NOTHING : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);

/** `5d0a91c4`, as other tools show it @param {number | null} ssrc */
export const ssrcText = (ssrc) => (ssrc === null ? "" : ssrc.toString(16).padStart(8, "0"));

/** @param {MediaStream} stream */
export function codecText({ codec, codec_from: from }) {
  if (!codec) return MEDIA.unknownCodec;
  return from === "assumed" ? MEDIA.assumed(codec) : codec;
}

/** Whose reports they are. @param {MediaStream} stream */
export function reportsText({ summary, way, node, kind }) {
  const whose = way === "received" ? MEDIA.byReceiver : way === "sent" ? MEDIA.bySender : "";
  return [MEDIA.reportCount(summary.reports), REPORT_KINDS[kind] ?? kind, whose, node && MEDIA.at(node)].filter(Boolean).join(" · ");
}
