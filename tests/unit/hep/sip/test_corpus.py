"""Real traffic: every SIP message of the corpus reads as the oracle says."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from hep import DecodeError, decode
from hep.sip import SipMessage, find_call_id, looks_like_sip, parse, split

pytestmark = pytest.mark.corpus

HEP_RUNS = (
    "hepjs_v3_udp",
    "kam_v1_udp",
    "kam_v2_udp",
    "kam_v3_trans_corr_hlog",
    "kam_v3_udp",
    "sipgrep_udp",
    "sngrep_v3_udp",
)
CAPTURES = ("sip_udp_basic", "sip_udp6_basic", "sip_udp_retrans", "sip_vlan100", "sip_udp_rtp")


@pytest.mark.parametrize("run", HEP_RUNS)
def test_sip_in_hep_reads_as_the_oracle_says(corpus: Path, run: str) -> None:
    """Call-ID, method, status and CSeq are those of tshark for every message that has SIP."""
    recorded = (corpus / "hep" / f"{run}.jsonl").read_text().splitlines()
    expected = (corpus / "hep" / f"{run}.expected.jsonl").read_text().splitlines()
    compared = 0
    for record, line in zip(recorded, expected, strict=True):
        facts = json.loads(line).get("sip")
        if not facts:
            continue
        try:
            payload = decode(bytes.fromhex(json.loads(record)["hex"])).payload
        except DecodeError as refused:
            pytest.fail(f"HEP refused: {refused}")
        assert facts_of(payload) == (
            facts["call_id"],
            facts["method"] or "",
            int(facts["status"] or 0),
            facts["cseq"],
        )
        compared += 1

    assert compared


@pytest.mark.parametrize("name", CAPTURES)
def test_sip_in_datagrams_reads_as_the_oracle_says(corpus: Path, name: str) -> None:
    """The same, and the users of From and To, for SIP as it was on the wire."""
    payloads = dict(udp_payloads((corpus / "sip-pcap" / f"{name}.pcap").read_bytes()))
    facts = json.loads((corpus / "sip-pcap" / f"{name}.facts.json").read_text())["messages"]
    for fact in facts:
        payload = payloads[fact["frame"]]
        assert facts_of(payload) == (
            fact["call_id"],
            fact["method"] or "",
            fact["status"] or 0,
            f"{fact['cseq']} {fact['cseq_method']}",
        )
        message = parse(payload)
        assert (message.from_user, message.to_user) == (fact["from_user"], fact["to_user"])
        assert message.faults == ()

    assert facts
    sip_frames = {frame for frame, payload in payloads.items() if looks_like_sip(payload)}
    assert sip_frames == {fact["frame"] for fact in facts}


@pytest.mark.parametrize("name", ["sip_tcp_basic", "sip_tcp_split"])
def test_streams_of_sip_are_cut_into_messages(corpus: Path, name: str) -> None:
    """The bytes of each TCP direction give as many messages as the oracle counts."""
    streams = tcp_streams((corpus / "sip-pcap" / f"{name}.pcap").read_bytes())
    facts = json.loads((corpus / "sip-pcap" / f"{name}.facts.json").read_text())["messages"]
    messages = [parse(piece) for stream in streams for piece in split(stream)]

    assert sorted(start_of(message) for message in messages) == sorted(
        (fact["call_id"], fact["method"] or "", fact["status"] or 0) for fact in facts
    )
    assert not [message.faults for message in messages if message.faults]


def start_of(message: SipMessage) -> tuple[str, str, int]:
    """Return what tells one message of these runs from another."""
    return message.call_id, message.method, message.status


def facts_of(payload: bytes) -> tuple[str, str, int, str]:
    """Return what the oracle states of a message; the Call-ID must be the routed one."""
    message = parse(payload)
    assert find_call_id(payload).decode() == message.call_id
    assert looks_like_sip(payload)
    cseq = f"{message.cseq} {message.cseq_method}"
    return message.call_id, message.method, message.status, cseq


def udp_payloads(capture: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (frame number from 1, UDP payload) of an Ethernet capture without fragments."""
    for number, protocol, datagram in packets(capture):
        if protocol == 17:
            (length,) = struct.unpack_from("!H", datagram, 4)
            yield number, datagram[8:length]


def tcp_streams(capture: bytes) -> list[bytes]:
    """Return the bytes of each TCP direction; the captures hold no loss and no disorder."""
    streams: dict[bytes, bytes] = {}
    for _, protocol, segment in packets(capture):
        if protocol == 6:
            data = segment[(segment[12] >> 4) * 4 :]
            streams[segment[:4]] = streams.get(segment[:4], b"") + data
    return [stream for stream in streams.values() if stream]


def packets(capture: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (frame number, IP protocol, IP payload) of each frame."""
    at, number = 24, 0
    while at < len(capture):
        (size,) = struct.unpack_from("<I", capture, at + 8)
        frame = capture[at + 16 : at + 16 + size]
        at, number = at + 16 + size, number + 1
        kind, packet = frame[12:14], frame[14:]
        if kind == b"\x81\x00":
            kind, packet = packet[2:4], packet[4:]
        if kind == b"\x08\x00":
            (total,) = struct.unpack_from("!H", packet, 2)
            yield number, packet[9], packet[(packet[0] & 15) * 4 : total]
        elif kind == b"\x86\xdd":
            (length,) = struct.unpack_from("!H", packet, 4)
            yield number, packet[6], packet[40 : 40 + length]
