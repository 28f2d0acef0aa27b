"""What the exporter counts of the traffic on a bus."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from hep import admit, decode3, encode2
from hepscope_common.bus import LOG, SIGNALLING, MemoryBus
from hepscope_common.metrics import OTHER
from hepscope_common.node_report import NodeReport, NodeState, encode_reports
from hepscope_common.runtime import Supervisor
from hepscope_metrics_exporter.component import GROUP, Exporter
from hepscope_metrics_exporter.methods import MethodLabels, status_class
from hepscope_metrics_exporter.nodes import NODE_CHARS
from hepscope_metrics_exporter.settings import MetricsSettings
from support.builders import make_call, make_packet, make_request


async def counted(
    *packets: bytes, topic: str = SIGNALLING, **settings: object
) -> CollectorRegistry:
    """Return the registry of an exporter that has read these packets as one record."""
    registry, supervisor = CollectorRegistry(), Supervisor()
    bus = MemoryBus(groups=[GROUP])
    exporter = Exporter(MetricsSettings.model_validate(settings), bus, registry, supervisor)
    bus.producer().offer(topic, 0, b"".join(packets), len(packets))
    async with exporter:
        assert exporter.ready() == (True, "counting")
    assert not exporter.ready()[0]
    assert supervisor.failure is None
    assert bus.used_bytes == 0
    return registry


async def test_packets_are_counted_by_node_type_and_version() -> None:
    """The node's name if it has one, else its number."""
    old = admit(
        encode2(decode3(make_packet(make_request(), node_id=9))), received_at_us=1, peer=b""
    )
    registry = await counted(
        make_packet(make_request()),
        make_packet(make_request(), node_name=b"edge-1"),
        make_packet(b"{}", protocol_type=5),
        make_packet(b"?", protocol_type=201),
        old.packet,
    )
    for node, kind, version in [
        ("7", "sip", "3"),
        ("edge-1", "sip", "3"),
        ("7", "rtcp_json", "3"),
        ("7", "201", "3"),
        ("9", "sip", "2"),
    ]:
        labels = {"node": node, "type": kind, "version": version}
        assert registry.get_sample_value("hepscope_packets_total", labels) == 1


async def test_sip_is_counted_by_method_and_class() -> None:
    """Requests by method; responses by the method they answer and the class of their code."""
    registry = await counted(*make_call(), make_packet(make_request("XYZZY")))
    requests = {
        method: registry.get_sample_value("hepscope_sip_requests_total", {"method": method})
        for method in ("INVITE", "ACK", "BYE", OTHER, "OPTIONS")
    }
    assert requests == {"INVITE": 1, "ACK": 1, "BYE": 1, OTHER: 1, "OPTIONS": 0}
    for method, kind, count in [("INVITE", "1xx", 2), ("INVITE", "2xx", 1), ("BYE", "2xx", 1)]:
        labels = {"method": method, "class": kind}
        assert registry.get_sample_value("hepscope_sip_responses_total", labels) == count


async def test_extension_methods_may_be_named_in_the_settings() -> None:
    """A platform's own method is told apart when somebody wants it."""
    registry = await counted(make_packet(make_request("KDMQ")), methods="KDMQ")
    assert registry.get_sample_value("hepscope_sip_requests_total", {"method": "KDMQ"}) == 1


ODD = {
    "no CSeq": (b"SIP/2.0 486 Busy\r\n\r\n", OTHER, "4xx"),
    "folded CSeq": (b"SIP/2.0 486 Busy\r\nCSeq:\r\n 1 INVITE\r\n\r\n", "INVITE", "4xx"),
    "code out of range": (b"SIP/2.0 4294967301 x\r\ncseq : 1 BYE\r\n\r\n", "BYE", OTHER),
    "big code": (b"SIP/2.0 799 x\r\ncseq : 1 BYE\r\n\r\n", "BYE", OTHER),
}


@pytest.mark.parametrize("case", ODD)
async def test_odd_responses_are_counted_somewhere(case: str) -> None:
    """As far as they can be read, else as malformed."""
    payload, method, kind = ODD[case]
    registry = await counted(make_packet(payload))
    labels = {"method": method, "class": kind}
    assert registry.get_sample_value("hepscope_sip_responses_total", labels) == 1


async def test_payload_that_is_no_sip_is_malformed() -> None:
    """It is counted as a packet all the same."""
    registry = await counted(make_packet(b"\x00\xff\x1b"))
    assert registry.get_sample_value("hepscope_sip_malformed_total") == 1


async def test_a_broken_record_is_counted_and_stops_nothing() -> None:
    """Ingest refuses such bytes; a foreign producer may not."""
    registry, supervisor = CollectorRegistry(), Supervisor()
    bus = MemoryBus(groups=[GROUP])
    producer = bus.producer()
    producer.offer(SIGNALLING, 0, b"HEP3\xff\xff", 1)
    producer.offer(LOG, 0, make_packet(b"line", protocol_type=100), 1)
    async with Exporter(MetricsSettings(), bus, registry, supervisor):
        await asyncio.sleep(0)
    assert registry.get_sample_value("hepscope_exporter_undecodable_total") == 1
    labels = {"node": "7", "type": "log", "version": "3"}
    assert registry.get_sample_value("hepscope_packets_total", labels) == 1


async def test_reports_of_ingest_are_no_traffic() -> None:
    """They travel with the log lines, which are counted as before."""
    report = NodeReport(
        instance="edge", started_us=1, reported_us=2, period_ms=1, nodes=[NodeState(slot=0)]
    )
    line = make_packet(b"x", protocol_type=100, node_name=b"a")
    registry = await counted(line, *encode_reports(report), line, topic=LOG)

    samples = [
        (sample.labels["node"], sample.value)
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "hepscope_packets_total"
    ]
    assert samples == [("a", 2)]
    assert registry.get_sample_value("hepscope_packets_bytes_total", {"node": "edge"}) is None


async def test_nodes_beyond_the_bound_are_other() -> None:
    """A flood of node names cannot grow the exposition."""
    packets = [make_packet(make_request(), node_name=b"n%d" % n) for n in range(50)]
    registry = await counted(*packets, max_nodes=1)
    labels = {"node": OTHER, "type": "sip", "version": "3"}
    assert registry.get_sample_value("hepscope_packets_total", labels) == 49


async def test_a_long_node_name_is_cut() -> None:
    """One agent cannot make every scrape as long as its name; characters stay whole."""
    registry = await counted(make_packet(make_request(), node_name="ä".encode() * 20_000))
    labels = {"node": "ä" * NODE_CHARS, "type": "sip", "version": "3"}
    assert registry.get_sample_value("hepscope_packets_total", labels) == 1


def test_status_classes_are_closed() -> None:
    """Every code has one."""
    assert [status_class(code) for code in (100, 299, 404, 699, 99, 700, 0)] == [
        "1xx", "2xx", "4xx", "6xx", OTHER, OTHER, OTHER,
    ]  # fmt: skip


def test_methods_are_closed() -> None:
    """Case decides (RFC 3261 section 7.1)."""
    labels = MethodLabels()
    assert [labels.label(name) for name in ("INVITE", "invite", "")] == ["INVITE", OTHER, OTHER]
