"""The metrics of heplify-server under its exact names, labels, types and units.

HOMER's dashboards and alerts know them. Where heplify-server's meaning is broken the meaning is
mended; the differences stand in docs/from-heplify-server.md. Its gauges show the last value of any
call for ever; these show the mean of the last reports, and expire.
"""

from collections.abc import Sequence
from typing import Final

from hepscope_common.metrics import CounterFamily, Family, RecentFamily

WINDOW_SECONDS: Final = 15.0
"""A gauge is the mean of the reports of one to two windows: about a scrape."""

NODE: Final = ("node_id",)
TARGET: Final = ("target_name",)
TARGET_NODE: Final = ("target_name", "node_id")
STREAM: Final = ("target_name", "direction", "node_id")
SBC: Final = ("sbc_name", "direction", "inc_realm", "out_realm")

XRTP: Final = {
    "cs": "Call setup time of X-RTP-Stat (CS), s.",
    "jir": "Jitter received of X-RTP-Stat (JI), as sent, usually ms.",
    "jis": "Jitter sent of X-RTP-Stat (JI), as sent, usually ms.",
    "plr": "Packets lost, received, of X-RTP-Stat (PL).",
    "pls": "Packets lost, sent, of X-RTP-Stat (PL).",
    "dle": "Delay of X-RTP-Stat (DL), ms.",
    "mos": "MOS that heplify-server makes of X-RTP-Stat.",
}
RTCP: Final = {
    "fraction_lost": "Fraction lost of RTCP, in 1/256.",
    "packets_lost": "Packets lost of RTCP since the stream began.",
    "jitter": "Jitter of RTCP, in timestamp units.",
    "dlsr": "Delay since the last sender report, in 1/65536 s.",
}
RTCP_XR: Final = {
    "fraction_lost": "Loss rate of RTCP XR, in 1/256.",
    "fraction_discard": "Discard rate of RTCP XR, in 1/256.",
    "burst_density": "Burst density of RTCP XR, in 1/256.",
    "burst_duration": "Burst duration of RTCP XR, ms.",
    "gap_density": "Gap density of RTCP XR, in 1/256.",
    "gap_duration": "Gap duration of RTCP XR, ms.",
    "round_trip_delay": "Round trip delay of RTCP XR, ms.",
    "end_system_delay": "End system delay of RTCP XR, ms.",
}
VQ: Final = {
    "nlr": "Network packet loss rate of vq-rtcpxr, percent.",
    "jdr": "Jitter buffer discard rate of vq-rtcpxr, percent.",
    "iaj": "Interarrival jitter of vq-rtcpxr, ms.",
    "moslq": "Listening MOS of vq-rtcpxr.",
    "moscq": "Conversational MOS of vq-rtcpxr.",
}
AGENT: Final = {
    "delta": "Packet spacing of RTP agent reports, ms.",
    "jitter": "Jitter of RTP agent reports, ms.",
    "mos": "MOS of RTP agent reports.",
    "packets_lost": "Packets lost of RTP agent reports.",
}
HORACLIFIX: Final = {
    "rtp_mos": "MOS",
    "rtp_rval": "R",
    "rtp_packets": "RTP packets",
    "rtp_lost_packets": "RTP packets lost",
    "rtp_avg_jitter": "Mean RTP jitter in ms",
    "rtp_max_jitter": "Greatest RTP jitter in ms",
    "rtcp_packets": "RTCP packets",
    "rtcp_lost_packets": "Packets lost by RTCP",
    "rtcp_avg_jitter": "Mean jitter by RTCP in ms",
    "rtcp_max_jitter": "Greatest jitter by RTCP in ms",
    "rtcp_avg_lat": "Mean latency by RTCP in ms",
    "rtcp_max_lat": "Greatest latency by RTCP in ms",
}


class HeplifyFamilies:
    """Counters, and gauges by their short name."""

    def __init__(self, *, max_nodes: int, max_names: int, expire_seconds: float) -> None:
        self._expire_seconds = expire_seconds
        streams = max_nodes + 2 * max_names + 1
        self.packets = CounterFamily(
            "heplify_packets_total",
            "Packets by node and type.",
            ("node_id", "type"),
            max_series=max_nodes * 8,
        )
        self.method_response = CounterFamily(
            "heplify_method_response",
            "SIP messages by method of the CSeq and by request method or status code, once each.",
            ("target_name", "direction", "node_id", "response", "method"),
            max_series=streams * 20,
        )
        self.reason = CounterFamily(
            "heplify_reason_isup_total",
            "Messages whose Reason header gives a Q.850 cause.",
            ("target_name", "cause", "method"),
            max_series=streams * 10,
            clause="RFC 3326",
        )
        self.alerts = CounterFamily(
            "heplify_log_alert_total",
            "Log lines by level.",
            ("node_id", "level", "host"),
            max_series=streams * 4,
        )
        gauge = self._gauge
        self.size = gauge("packets_size", "Mean payload bytes of packets.", ("node_id", "type"),
                          max_nodes * 8)  # fmt: skip
        self.srd = gauge("kpi_srd", "Session request delay of answered calls, ns.", TARGET_NODE,
                         streams, "RFC 6076 4.3.1")  # fmt: skip
        self.rrd = gauge("kpi_rrd", "Registration request delay, ns.", TARGET_NODE, streams,
                         "RFC 6076 4.1")  # fmt: skip
        self.xrtp = self._gauges("xrtp", XRTP, TARGET, streams)
        self.rtcp = self._gauges("rtcp", RTCP, STREAM, streams, "RFC 3550 6.4.1")
        self.rtcp_xr = self._gauges("rtcpxr", RTCP_XR, STREAM, streams, "RFC 3611 4.7")
        self.vq = self._gauges("vqrtcpxr", VQ, NODE, streams, "RFC 6035 4.6")
        self.agent = self._gauges("rtpagent", AGENT, NODE, streams)
        self.horaclifix = {
            name: RecentFamily(
                f"horaclifix_{name}", f"{text}, of a leg of an Oracle SBC (type 38).", SBC,
                expire_seconds=expire_seconds, window_seconds=WINDOW_SECONDS, max_series=streams,
            )
            for name, text in HORACLIFIX.items()
        }  # fmt: skip

    @property
    def families(self) -> list[Family]:
        """Everything that is exposed."""
        groups = (self.xrtp, self.rtcp, self.rtcp_xr, self.vq, self.agent, self.horaclifix)
        return [
            self.packets, self.size, self.method_response, self.reason, self.alerts,
            self.srd, self.rrd,
            *(family for group in groups for family in group.values()),
        ]  # fmt: skip

    def _gauges(
        self,
        kind: str,
        texts: dict[str, str],
        labels: Sequence[str],
        max_series: int,
        clause: str = "",
    ) -> dict[str, RecentFamily]:
        return {
            name: self._gauge(f"{kind}_{name}", text, labels, max_series, clause)
            for name, text in texts.items()
        }

    def _gauge(
        self, name: str, text: str, labels: Sequence[str], max_series: int, clause: str = ""
    ) -> RecentFamily:
        return RecentFamily(
            f"heplify_{name}",
            text,
            labels,
            expire_seconds=self._expire_seconds,
            window_seconds=WINDOW_SECONDS,
            max_series=max_series,
            clause=clause,
        )
