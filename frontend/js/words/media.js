/** What the media of a call say. */

export const MEDIA = Object.freeze({
  caller: "caller", callee: "callee", streams: "Streams", meanWorst: " mean / worst", how: "How it was measured", drawAll: "Draw all streams", drawOne: "Draw this stream alone",
  notAll: "Not all are drawn; choose one to see it alone.", thinned: "There are more than 5,000 reports: of adjacent ones the worst is drawn.",
  unknownCodec: "codec not known", notSaid: "not said",
  /** @param {string} name */ hears: (name) => (/^\d/.test(name) ? `Stream ${name}` : name.replace(/^(\w+)( \d+)?$/, (_, side, number) => `${side === "caller" ? "Caller" : "Callee"} hears${number ?? ""}`)),
  /** @param {number} number */ noStream: (number) => `There is no stream ${number}.`,
  /** @param {number} count */ leftOut: (count) => `${count} more streams, with fewer reports, are left out.`,
  loss: "Packet loss", lossShort: "Loss", jitter: "Jitter", roundTrip: "Round trip", mos: "MOS", mosSaid: "MOS said", poor: "below 3.6 many users complain",
  bySource: "as the source says", estimated: "estimated, ITU-T G.107", mixed: "estimated, else as the source says", noEstimate: "not estimated: loss is not known, or it is no speech",
  sinceBegin: "since the stream began", inInterval: "in an interval", interarrival: "interarrival, RFC 3550", notKnown: "not known", betweenPoints: "between capture point and reporter",
  reports: "Reports", seenBy: "Seen by", foundBy: "Found by", codec: "Codec", byReceiver: "by the receiver", bySender: "by the sender",
  /** @param {string} step */ worstOf: (step) => `worst of each ${step}`,
  /** @param {string} step */ perReport: (step) => `per report, ${step}`,
  /** @param {string} step */ jitterNote: (step) => `RFC 3550, ${step}`,
  /** @param {string} contexts */ estimatedAs: (contexts) => `estimated, ${contexts}`,
  /** @param {number} count */ reportCount: (count) => `${count.toLocaleString()} ${count === 1 ? "report" : "reports"}`,
  /** @param {string} node */ at: (node) => `at ${node}`,
  /** @param {string} codec */ assumed: (codec) => `${codec}, assumed`,
});

/** How a stream was found to be of the call. @type {Readonly<Record<string, string>>} */
export const JOINED = Object.freeze({ report: "the Call-ID in the report", correlation: "the correlation id of the packet", address: "the address in the SDP" });

/** Where its codec is known from. @type {Readonly<Record<string, string>>} */
export const CODECS = Object.freeze({ said: "said by the report", sdp: "from the SDP", assumed: "assumed G.711" });

/** What reports are, as people call them. @type {Readonly<Record<string, string>>} */
export const REPORT_KINDS = Object.freeze({
  rtcp: "RTCP", rtcp_json: "RTCP", rtcp_pion: "RTCP", rtcp_xr: "RTCP XR", vq_rtcpxr_session: "SIP quality report", vq_rtcpxr_interval: "SIP quality report, interval",
  vq_rtcpxr_alert: "SIP quality alert", rtp_agent: "RTP probe", mos_report: "MOS report", horaclifix: "Oracle SBC", quality_report: "quality report", qos_json: "QoS report",
  x_rtp_stat: "X-RTP-Stat", p_rtp_stat: "P-RTP-Stat", rtp_rx_stat: "RTP-RxStat", rtp_tx_stat: "RTP-TxStat", x_siemens_rtp_stats: "X-Siemens-RTP-stats",
});
