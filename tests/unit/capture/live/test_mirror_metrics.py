"""What was seen, as a scraper reads it."""

from prometheus_client import CollectorRegistry

from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.mirror_metrics import mirror_families
from hepscope_capture.mirror.counts import RtpCounts
from hepscope_capture.mirror.streams import RtpStreams
from hepscope_capture.streams.counts import StreamCounts
from hepscope_common.metrics import PlainCollector


def test_by_protocol_and_interface() -> None:
    """With a zero for each interface, since what first appears above zero has no increase."""
    counts = FrameCounts(streams=StreamCounts(segments=9, gaps=2, missing_bytes=700))
    registry = CollectorRegistry()
    PlainCollector(registry, mirror_families(counts, RtpStreams(counts.rtp), ["eth1", "eth2"]))

    def of(metric: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"hepscope_capture_seen_{metric}", labels)

    assert of("missing_total", protocol="rtp", interface="eth2") == 0
    counts.rtp["eth2"] = RtpCounts(streams=3, packets=50, missing=4, late=1, duplicate=6)
    counts.hosts.add(b"a", b"b")
    assert [
        of(f"{name}_total", protocol="rtp", interface="eth2")
        for name in ("packets", "missing", "duplicate")
    ] == [50, 4, 6]
    assert of("rtp_total", interface="eth2", event="streams") == 3
    assert of("rtp_total", interface="eth2", event="late") == 1
    assert of("packets_total", protocol="tcp", interface="") == 9
    assert of("missing_total", protocol="tcp", interface="") == 2
    assert of("missing_bytes_total", protocol="tcp", interface="") == 700
    assert of("pairs", what="sip_hosts", directions="one_way") == 1
    assert of("pairs", what="rtp_streams", directions="all") == 0
