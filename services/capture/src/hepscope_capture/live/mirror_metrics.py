"""Metrics of what the capture was shown of what the ends sent."""

from collections.abc import Sequence
from dataclasses import fields

from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.tallied import Samples, TalliedFamily
from hepscope_capture.mirror.counts import RtpCounts
from hepscope_capture.mirror.streams import RtpStreams
from hepscope_common.metrics import Family, GaugeFamily

_RTP, _TCP = "rtp", "tcp"
_WHERE = ("protocol", "interface")
_WITH_A_FAMILY = frozenset({"packets", "missing", "duplicate"})


def mirror_families(
    counts: FrameCounts, rtp: RtpStreams | None, interfaces: Sequence[str] = ()
) -> list[Family]:
    """Return the families; RTP by interface, from the start; TCP is not told by interface."""
    nothing = dict.fromkeys(interfaces or ("",), RtpCounts())

    def places() -> dict[str, RtpCounts]:
        return {**nothing, **counts.rtp}

    def each(name: str) -> Samples:
        return [((_RTP, place), getattr(one, name)) for place, one in places().items()]

    def events() -> Samples:
        return [
            ((place, one.name), getattr(seen, one.name))
            for place, seen in places().items()
            for one in fields(RtpCounts)
            if one.name not in _WITH_A_FAMILY
        ]

    def pairs() -> Samples:
        return [
            (("sip_hosts", "all"), len(counts.hosts)),
            (("sip_hosts", "one_way"), counts.hosts.one_way),
            (("rtp_streams", "all"), len(rtp) if rtp is not None else 0),
            (("rtp_streams", "one_way"), rtp.one_way() if rtp is not None else 0),
        ]

    return [
        TalliedFamily(
            "hepscope_capture_seen_packets_total",
            "Numbered packets that the capture was shown: RTP (--rtp-sample), segments of TCP.",
            lambda: [*each("packets"), ((_TCP, ""), counts.streams.segments)],
            _WHERE,
        ),
        TalliedFamily(
            "hepscope_capture_seen_missing_total",
            "Packets of RTP that the capture was not shown although it was shown later ones;"
            " places in streams of TCP where bytes are missing.",
            lambda: [*each("missing"), ((_TCP, ""), counts.streams.gaps)],
            _WHERE,
        ),
        TalliedFamily(
            "hepscope_capture_seen_missing_bytes_total",
            "Bytes of TCP that both ends had and the capture was not shown.",
            lambda: [((_TCP, ""), counts.streams.missing_bytes)],
            _WHERE,
        ),
        TalliedFamily(
            "hepscope_capture_seen_duplicate_total",
            "Packets of RTP that the capture was shown twice.",
            lambda: each("duplicate"),
            _WHERE,
        ),
        TalliedFamily(
            "hepscope_capture_seen_rtp_total",
            "What else was seen of RTP: streams, late packets, streams without another direction.",
            events,
            ("interface", "event"),
        ),
        GaugeFamily(
            "hepscope_capture_seen_pairs",
            "Pairs of hosts that sent SIP since the start, streams of RTP now; one_way = of these,"
            " seen in one direction only.",
            pairs,
            ("what", "directions"),
        ),
    ]
