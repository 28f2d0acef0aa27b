"""Real calls: message counts and final statuses as tshark states them."""

import json
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from struct import unpack_from

import pytest

from hep import decode
from hep.sip import parse
from hepscope_common.calls import CallFacts, Envelope, FlowMessage, facts_of, flow_message, flow_of

pytestmark = pytest.mark.corpus

PCAP_FILES = ["sip_udp_basic", "sip_udp_retrans", "sip_udp6_basic"]
HEP_FILES = [
    "hepjs_v3_udp",
    "kam_v1_udp",
    "kam_v2_udp",
    "kam_v3_trans_corr_hlog",
    "kam_v3_udp",
    "sipgrep_udp",
    "sngrep_v3_udp",
]

Received = tuple[bytes, Envelope]


def read_pcap(path: Path) -> Iterator[Received]:
    """Yield UDP payloads of a little-endian Ethernet capture in microseconds."""
    capture = path.read_bytes()
    at = 24
    while at < len(capture):
        seconds, micros, length = unpack_from("<III", capture, at)
        yield read_frame(capture[at + 16 : at + 16 + length], seconds * 1_000_000 + micros)
        at += 16 + length


def read_frame(frame: bytes, time_us: int) -> Received:
    """Return the payload of a UDP frame over IPv4 without options, or IPv6."""
    is_ipv4 = frame[12:14] == b"\x08\x00"
    source, destination, udp = (26, 30, 34) if is_ipv4 else (22, 38, 54)
    size = 4 if is_ipv4 else 16
    source_port, destination_port, length = unpack_from("!HHH", frame, udp)
    payload = frame[udp + 8 : udp + length]
    return payload, Envelope(
        time_us=time_us,
        source=frame[source : source + size],
        source_port=source_port,
        destination=frame[destination : destination + size],
        destination_port=destination_port,
        size=len(payload),
    )


def read_hep(path: Path) -> Iterator[Received]:
    """Yield the SIP messages that agents sent as HEP."""
    for line in path.read_text().splitlines():
        record = json.loads(line)
        received_at_us = round(record["t"] * 1_000_000)
        packet = decode(bytes.fromhex(record["hex"]), received_at_us=received_at_us)
        if packet.protocol_type == 1:
            yield (
                packet.payload,
                Envelope(
                    time_us=packet.time_us or received_at_us,
                    source=packet.source,
                    source_port=packet.source_port,
                    destination=packet.destination,
                    destination_port=packet.destination_port,
                    node=str(packet.node_id),
                    size=len(packet.payload),
                ),
            )


def records_of(received: Iterator[Received]) -> dict[str, CallFacts]:
    """Return the call records of all messages."""
    records: dict[str, CallFacts] = {}
    for payload, envelope in received:
        facts = facts_of(parse(payload), envelope)
        if facts.call_id in records:
            records[facts.call_id].merge(facts)
        else:
            records[facts.call_id] = facts
    return records


@pytest.mark.parametrize("name", PCAP_FILES)
def test_calls_of_a_capture(corpus: Path, name: str) -> None:
    """Messages, first method, final status and INVITEs of every call."""
    truth = json.loads((corpus / "sip-pcap" / f"{name}.facts.json").read_text())["calls"]

    records = records_of(read_pcap(corpus / "sip-pcap" / f"{name}.pcap"))

    assert {
        call_id: (r.message_count, r.method, r.status, r.invite_count)
        for call_id, r in records.items()
    } == {
        call_id: (
            call["messages"],
            call["first_method"],
            call["final_status"],
            call["methods"].get("INVITE", 0),
        )
        for call_id, call in truth.items()
    }


@pytest.mark.parametrize("name", HEP_FILES)
def test_calls_of_an_agent(corpus: Path, name: str) -> None:
    """Messages and final status of every call, hop by hop as the agent saw them."""
    truth = json.loads((corpus / "hep" / f"{name}.facts.json").read_text())["calls"]

    records = records_of(read_hep(corpus / "hep" / f"{name}.jsonl"))

    assert {call_id: (r.message_count, r.status) for call_id, r in records.items()} == {
        call_id: (call["messages"], call["invite_final"] or call["final"])
        for call_id, call in truth.items()
    }


def test_retransmissions_of_a_capture(corpus: Path) -> None:
    """Each INVITE went out three times; tshark says the same."""
    facts = json.loads((corpus / "sip-pcap" / "sip_udp_retrans.facts.json").read_text())
    seen = read_pcap(corpus / "sip-pcap" / "sip_udp_retrans.pcap")

    flow = flow_of(
        [
            flow_message(str(at), parse(payload), envelope)
            for at, (payload, envelope) in enumerate(seen)
        ]
    )

    copies = [arrow for arrow in flow.arrows if arrow.resend]
    assert {arrow.label for arrow in copies} == {"INVITE"}
    assert len(copies) == facts["sip_retransmissions_flagged"]


@pytest.mark.parametrize("name", HEP_FILES)
def test_ladder_of_one_clock_is_in_time_order(corpus: Path, name: str) -> None:
    """A proxy that reports all it sees needs no correction."""
    calls: defaultdict[str, list[FlowMessage]] = defaultdict(list)
    for payload, envelope in read_hep(corpus / "hep" / f"{name}.jsonl"):
        message = parse(payload)
        calls[message.call_id].append(flow_message("", message, envelope))

    for messages in calls.values():
        times = [arrow.message.time_us for arrow in flow_of(messages).arrows]
        assert times == sorted(times)
        assert len(times) == len(messages)


def test_ladder_of_a_proxied_call_on_loopback(corpus: Path) -> None:
    """One address, three columns: client, proxy, server."""
    wanted = "kam_v3_udp-call-1-21184@127.0.0.1"
    messages = [
        flow_message(str(at), parse(payload), envelope)
        for at, (payload, envelope) in enumerate(read_hep(corpus / "hep" / "kam_v3_udp.jsonl"))
    ]

    flow = flow_of([message for message in messages if message.call_id == wanted])

    loopback = str(ip_address("127.0.0.1"))
    assert [(host.address, host.port) for host in flow.hosts] == [
        (loopback, 5070),
        (loopback, 5160),
        (loopback, 5060),
    ]
    assert len(flow.arrows) == 14
    assert all(arrow.from_host != arrow.to_host for arrow in flow.arrows)
