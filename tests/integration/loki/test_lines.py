"""What becomes of packets, as Loki has it; over the bus in memory."""

import json

import pytest

from hepscope_common.bus import MemoryBus
from hepscope_common.clock import wall_clock_us
from hepscope_common.node_report import NodeKind, NodeReport, NodeState, encode_reports
from integration.loki.rig import Rig, log, put, running_sink, settings_of, sip, until
from support.builders import make_packet, make_request, make_response
from support.loki import Loki

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


async def push(loki: Loki, packets: list[bytes], lines: int, **settings: object) -> Rig:
    """Let a sink push packets, and return it once so many lines are stored."""
    bus = MemoryBus(partitions=2)
    async with running_sink(bus, settings_of(loki, **settings), drops=True) as rig:
        await put(bus, packets)
        await until(lambda: len(loki.lines) >= lines, "lines")
    return rig


@pytest.mark.parametrize("compression", ["snappy", "gzip", "none"])
async def test_sip_rtcp_and_logs_become_lines(loki: Loki, compression: str) -> None:
    """With the labels and the structured metadata of the documentation; other types do not."""
    now_us = wall_clock_us()
    request = make_request("INVITE", "a@b")
    packets = [
        make_packet(request, time_us=now_us, node_name=b"edge", source_port=5062),
        make_packet(
            make_response(180, "Ringing", call_id="a@b"),
            time_us=now_us + 1,
            source="2001:db8::1",
            destination="2001:db8::2",
        ),
        make_packet(b'{"ssrc":1}', time_us=now_us + 2, protocol_type=5, correlation_id=b"a@b"),
        make_packet(b"{}", time_us=now_us + 3, protocol_type=34, correlation_id=b"a@b"),
        log("billing: ünïcode", correlation="a@b", time_us=now_us + 4),
    ]  # fmt: skip
    await push(loki, packets, 4, compression=compression, job="heplify-server", labels="site=b")

    found = {line.time_ns // 1000 - now_us: line for line in loki.lines}
    assert sorted(found) == [0, 1, 2, 4]
    partition = found[0].labels["partition"]
    assert found[0].labels == {
        "job": "heplify-server", "site": "b", "type": "sip", "node": "edge", "partition": partition,
    }  # fmt: skip
    assert found[0].text == request.decode()
    assert found[0].metadata == {
        "call_id": "a@b", "src": "192.0.2.1:5062", "dst": "192.0.2.2:5060", "method": "INVITE",
    }  # fmt: skip
    assert found[1].labels["node"] == "7"
    assert found[1].metadata == {
        "call_id": "a@b", "src": "[2001:db8::1]:5060", "dst": "[2001:db8::2]:5060",
        "method": "INVITE", "response": "180",
    }  # fmt: skip
    assert found[2].labels["type"] == "rtcp"
    assert found[2].metadata["call_id"] == "a@b"
    assert (found[4].labels["type"], found[4].text) == ("log", "billing: ünïcode")


async def test_labels_of_heplify_server_where_asked_for(loki: Loki) -> None:
    """The method of CSeq, and the method or status as response."""
    now_us = wall_clock_us()
    packets = [
        make_packet(make_request("INVITE"), time_us=now_us),
        make_packet(make_response(200, "OK", "BYE"), time_us=now_us, ip_protocol=6),
        log("text"),
    ]
    await push(loki, packets, 3, traffic_labels="method,response,protocol,src_ip,dst_port")
    found = {line.labels.get("response", line.labels["type"]): line.labels for line in loki.lines}
    assert found["INVITE"]["method"] == "INVITE"
    assert (found["INVITE"]["protocol"], found["INVITE"]["src_ip"]) == ("udp", "192.0.2.1")
    assert (found["200"]["method"], found["200"]["protocol"]) == ("BYE", "tcp")
    assert found["200"]["dst_port"] == "5060"
    assert "method" not in found["log"]


async def test_without_structured_metadata(loki: Loki) -> None:
    """For a Loki before 3."""
    loki.allows_metadata = False
    await push(loki, [sip(1)], 1, structured_metadata=False)
    assert loki.lines[0].metadata == {}
    assert loki.statuses == {204: 1}


async def test_bytes_that_are_not_utf8_are_escaped(loki: Loki) -> None:
    """And counted; nothing of them is lost."""
    rig = await push(loki, [sip(1, payload=b"INVITE \xff\xfe \xc3\xa9")], 1)
    assert loki.texts == ["INVITE \\xff\\xfe é"]
    assert rig.count("changed_total", change="escaped") == 1


async def test_the_longest_sip_message_is_a_line(loki: Loki) -> None:
    """64 KiB, less what HEP has around it."""
    payload = make_request(body="x" * 64_000)
    rig = await push(loki, [sip(1, payload=payload)], 1)
    assert loki.texts == [payload.decode()]
    assert rig.count("changed_total") == 0


async def test_a_line_that_loki_would_refuse_is_cut(loki: Loki) -> None:
    """Between characters."""
    loki.max_line_bytes = 2000
    rig = await push(loki, [log("é" * 5000)], 1, max_line_bytes=1999)
    assert loki.texts == ["é" * 999]
    assert rig.count("changed_total", change="cut") == 1


async def test_packets_without_payload_are_no_lines(loki: Loki) -> None:
    """And counted."""
    rig = await push(loki, [log(""), log("text")], 1)
    assert loki.texts == ["text"]
    assert rig.count("unread_total", reason="empty") == 1


async def test_a_broken_record_gives_what_can_be_read(loki: Loki) -> None:
    """The rest is counted; the writer keeps it as a dead letter."""
    bus = MemoryBus(partitions=1)
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        bus.producer().offer("hep.log.v1", 0, log("one") + b"HEP3\xff\xff", 2)
        await until(lambda: loki.lines, "a line")
        await until(lambda: rig.count("unread_total", reason="undecodable"), "the rest")
    assert loki.texts == ["one"]


async def test_reports_of_ingest_are_no_lines(loki: Loki) -> None:
    """They travel as type 100 and are no traffic."""
    now_us = wall_clock_us()
    state = NodeState(slot=0, kind=NodeKind.OTHER)
    report = NodeReport(
        instance="i", started_us=now_us, reported_us=now_us, period_ms=1, nodes=[state]
    )
    bus = MemoryBus(partitions=1)
    async with running_sink(bus, settings_of(loki), drops=True):
        for packet in encode_reports(report):
            bus.producer().offer("hep.log.v1", 0, packet, 1)
        await put(bus, [log("after")])
        await until(lambda: loki.lines, "a line")
    assert loki.texts == ["after"]


async def test_times_that_loki_refuses_are_replaced_and_kept_beside(loki: Loki) -> None:
    """Zero, half an hour ahead, a year old: the time of arrival."""
    now_us = wall_clock_us()
    packets = [
        sip(1, time_us=0),
        sip(2, time_us=now_us + 1800 * SECOND_US),
        sip(3, time_us=now_us - 365 * DAY_US),
        sip(4, time_us=now_us - DAY_US, node="replay"),
    ]
    rig = await push(loki, packets, 4)
    found = {line.metadata["call_id"]: line for line in loki.lines}
    for number in (1, 2, 3):
        line = found[f"call-{number:06d}@example.org"]
        assert abs(line.time_ns // 1000 - now_us) < 60 * SECOND_US
        assert ("packet_time" in line.metadata) == (number > 1)
    assert found["call-000004@example.org"].time_ns == (now_us - DAY_US) * 1000
    assert loki.statuses.keys() == {204}
    for reason in ("zero", "future", "past"):
        assert rig.count("times_replaced_total", reason=reason) == 1


async def test_nodes_and_call_ids_from_the_network_stay_bounded(loki: Loki) -> None:
    """Streams by the table of nodes, metadata as the database keeps it."""
    long_id = "x" * 5000
    packets = [sip(n, node=f"forged-{n}") for n in range(60)]
    packets.append(sip(99, payload=make_request(call_id=long_id)))
    rig = await push(loki, packets, 61, max_nodes=5)
    nodes = {line.labels["node"] for line in loki.lines}
    assert len(nodes) == 6
    assert "other" in nodes
    assert rig.count("streams") <= 12
    assert max(len(json.dumps(dict(line.metadata))) for line in loki.lines) < 1000


async def test_counts_tell_what_was_pushed(loki: Loki) -> None:
    """Lines by type; positions at the end of the bus; no lag."""
    bus = MemoryBus(partitions=1)
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        await put(bus, [sip(1), sip(2), log("x")])
        await until(lambda: rig.count("lines_total") == 3, "counts")
        await until(lambda: rig.count("lag_records") == 0, "no lag")
        assert rig.count("lines_total", type="sip") == 2
        assert rig.count("position", topic="hep.signalling.v1", partition="0") == 1
        assert rig.count("lag_seconds") == 0
        assert rig.count("up") == 1
        assert rig.count("bytes_total") > 500
        assert rig.sink.readiness() == (True, "pushing")
