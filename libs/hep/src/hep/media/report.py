"""A report of one RTP stream: the one value that every source of media quality becomes.

A report is about a single stream. So an RTCP sender report with two blocks gives three: what its
sender sent, and the two streams that it received. None means that the source did not say, or said
something impossible; nothing is derived here but by the properties and methods at the end.

Two windows are never mixed in one report: RTCP's fraction_lost is since the report before, its
packets_lost since the stream began; XR metrics and final reports are since the stream began.
"""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """What kind of report it was read from."""

    RTCP = "rtcp"
    """RTCP as on the wire (RFC 3550), or as an agent's JSON of other names."""
    RTCP_JSON = "rtcp_json"
    """HEP type 5."""
    RTCP_PION = "rtcp_pion"
    """HEP type 58."""
    RTCP_XR = "rtcp_xr"
    """An XR block (RFC 3611), in whichever of the three forms above."""
    VQ_SESSION = "vq_rtcpxr_session"
    """RFC 6035, from the beginning of the stream."""
    VQ_INTERVAL = "vq_rtcpxr_interval"
    """RFC 6035, a window of its own."""
    VQ_ALERT = "vq_rtcpxr_alert"
    """RFC 6035, a threshold crossed."""
    RTP_AGENT = "rtp_agent"
    """HEP type 34: a probe beside the path measured the stream."""
    MOS_REPORT = "mos_report"
    """HEP type 35 as JSON, or only as chunk 32."""
    HORACLIFIX = "horaclifix"
    """HEP type 38: one leg of an Oracle SBC."""
    QUALITY_REPORT = "quality_report"
    """HEP type 99 as JSON."""
    QOS_JSON = "qos_json"
    """HEP type 32."""
    X_RTP_STAT = "x_rtp_stat"
    """SIP header X-RTP-Stat."""
    P_RTP_STAT = "p_rtp_stat"
    """SIP header P-RTP-Stat."""
    RTP_RX_STAT = "rtp_rx_stat"
    """SIP header RTP-RxStat."""
    RTP_TX_STAT = "rtp_tx_stat"
    """SIP header RTP-TxStat."""
    X_SIEMENS_RTP_STATS = "x_siemens_rtp_stats"
    """SIP header X-Siemens-RTP-stats, also its list form."""


class Way(StrEnum):
    """The stream's way, seen from the source of the packet that carried the report."""

    SENT = "sent"
    """The packet's source sends the stream."""
    RECEIVED = "received"
    """The packet's source receives the stream."""


class Plc(StrEnum):
    """Packet loss concealment (RFC 3611 section 4.7.6)."""

    DISABLED = "disabled"
    ENHANCED = "enhanced"
    STANDARD = "standard"


@dataclass(slots=True)
class StreamReport:
    """One stream, as one report tells it. Texts are printable and bounded."""

    source: Source
    way: Way | None = None
    """None when the report does not tell (a probe without addresses)."""
    is_final: bool = False
    """Whether the source says that it is the last one of its stream or call."""

    ssrc: int | None = None
    """Of the stream."""
    reporter_ssrc: int | None = None
    """Of who measured it."""
    local_address: str | None = None
    """IP address at the end where the packet's source is, when the report itself says so."""
    local_port: int | None = None
    remote_address: str | None = None
    """IP address at the other end."""
    remote_port: int | None = None
    call_id: str | None = None
    """Call-ID of the call, when the report itself says so."""
    correlation_id: str | None = None
    """A second key that the report names: another leg's Call-ID, or an agent's own."""
    reporter: str | None = None
    """Name of the device, realm or report."""
    leg: str | None = None
    """Which leg of the reporter: "inc" or "out" (horaclifix), else None."""
    incoming_realm: str | None = None
    outgoing_realm: str | None = None

    start_us: int | None = None
    """Begin of what is reported, microseconds since the Unix epoch."""
    stop_us: int | None = None
    """End of what is reported, or when the report was made."""

    packets_sent: int | None = None
    """Counts are since the stream began."""
    octets_sent: int | None = None
    packets_received: int | None = None
    octets_received: int | None = None
    packets_expected: int | None = None
    packets_lost: int | None = None
    """Negative when duplicates came."""
    packets_discarded: int | None = None
    """Received, but too late or too early to be played."""
    packets_duplicated: int | None = None
    packets_disordered: int | None = None
    rtcp_packets: int | None = None
    """RTCP packets that the other end's figures came with."""

    fraction_lost: float | None = None
    """0 to 1."""
    fraction_discarded: float | None = None
    """0 to 1."""
    burst_density: float | None = None
    """Share lost or discarded within bursts, 0 to 1."""
    burst_ms: float | None = None
    """Mean length of a burst."""
    gap_density: float | None = None
    """Share lost or discarded within gaps, 0 to 1."""
    gap_ms: float | None = None
    """Mean length of a gap."""
    gmin: int | None = None
    """Packets received in a row that end a burst."""

    jitter_units: float | None = None
    """Interarrival jitter in timestamp units: only the codec's clock makes it a time."""
    jitter_max_units: float | None = None
    jitter_ms: float | None = None
    """Interarrival jitter where the source gives it as a time."""
    jitter_min_ms: float | None = None
    jitter_max_ms: float | None = None
    delta_ms: float | None = None
    """Spacing between packets, as probes give it."""
    delta_max_ms: float | None = None
    skew_ms: float | None = None

    round_trip_ms: float | None = None
    round_trip_max_ms: float | None = None
    one_way_delay_ms: float | None = None
    """Network, one way."""
    end_system_delay_ms: float | None = None
    """Within the reporter: coding, jitter buffer, decoding."""
    jitter_buffer_ms: float | None = None
    """Nominal."""
    jitter_buffer_max_ms: float | None = None
    """Largest while reported."""
    jitter_buffer_limit_ms: float | None = None
    """Largest it may become."""
    jitter_buffer_adapts: bool | None = None

    mos_lq: float | None = None
    """MOS as the source says, 1 to 5: listening quality, also where it does not say which."""
    mos_cq: float | None = None
    """MOS of a conversation, which delay lowers."""
    mos_min: float | None = None
    """Worst MOS of the stream so far."""
    r_lq: float | None = None
    """R as the source says, listening quality, also where it does not say which."""
    r_cq: float | None = None
    r_external_in: float | None = None
    """R of the segment before, that the reporter was told."""
    r_external_out: float | None = None
    r_min: float | None = None
    signal_dbm0: float | None = None
    noise_dbm0: float | None = None
    echo_return_loss_db: float | None = None

    codec: str | None = None
    """Name as the source gives it, without the clock."""
    payload_type: int | None = None
    clock_hz: int | None = None
    ptime_ms: float | None = None
    plc: Plc | None = None
    silence_suppression: bool | None = None

    ntp: int | None = None
    """NTP timestamp of a sender report, 64 bits: `hep.rtcp.ntp_to_us`, `middle_bits`."""
    rtp_timestamp: int | None = None
    highest_sequence: int | None = None
    """Cycles in the upper 16 bits."""
    lsr: int | None = None
    """None when 0: no sender report came."""
    dlsr: int | None = None
    """In 1/65536 s."""

    alert_metric: str | None = None
    """What crossed its threshold, such as MOSLQ."""
    alert_severity: str | None = None
    """Warning, Critical or Clear."""

    @property
    def loss(self) -> float | None:
        """Share of packets lost, 0 to 1: as said, else from the counts; None without either."""
        if self.fraction_lost is not None:
            return self.fraction_lost
        if self.packets_lost is None:
            return None
        lost = max(self.packets_lost, 0)
        expected = self.packets_expected
        if expected is None and self.packets_received is not None:
            expected = self.packets_received + lost
        elif expected is None and self.packets_sent is not None:
            expected = self.packets_sent
        if not expected:
            return None
        return min(lost / expected, 1.0)

    def jitter_at(self, clock_hz: int | None) -> float | None:
        """Jitter in ms: as said, else by the report's own clock, else by clock_hz of the SDP."""
        if self.jitter_ms is not None:
            return self.jitter_ms
        clock = self.clock_hz or clock_hz
        if self.jitter_units is None or not clock:
            return None
        return self.jitter_units * 1000 / clock

    def said(self) -> dict[str, object]:
        """The fields that the source said, by name."""
        return {
            name: value
            for name in self.__slots__
            if (value := getattr(self, name)) is not None and (value or name != "is_final")
        }
