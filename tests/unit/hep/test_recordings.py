"""Recordings of real agents: every raw field is the one that independent decoders state."""

import hashlib
import ipaddress
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import pytest

from hep import HepPacket, Quirk, StreamDecoder, admit, decode, decode3
from hep.chunks import CHUNK_HEAD, HEAD_BYTES
from hep.sip import find_call_id

pytestmark = pytest.mark.corpus

TYPES = {"SIP": 1, "JSON/RTCP": 5, "LOG": 100}
FAMILIES = {"IPv4": 2, "IPv6": 10}
PROTOCOLS = {"UDP": 17, "TCP": 6, "SCTP": 132}


class Record(TypedDict):
    """One read of the recording sink."""

    t: float
    proto: str
    len: int
    hex: str


def recordings(corpus: Path) -> list[str]:
    """Names of all recordings that have an oracle."""
    names = [path.name.split(".")[0] for path in (corpus / "hep").glob("*.expected.jsonl")]
    assert names
    return sorted(names)


def lines(path: Path) -> Iterator[str]:
    """The lines of a JSON lines file."""
    with path.open() as file:
        yield from file


def messages(corpus: Path, name: str) -> list[tuple[bytes, int]]:
    """HEP messages of a recording in order, with their arrival in microseconds."""
    found: list[tuple[bytes, int]] = []
    streams: dict[object, StreamDecoder] = {}
    for line in lines(corpus / "hep" / f"{name}.jsonl"):
        record: Record = json.loads(line)
        data, arrival = bytes.fromhex(record["hex"]), round(record["t"] * 1_000_000)
        if record["proto"] == "tcp":
            stream = streams.setdefault(json.loads(line).get("conn"), StreamDecoder())
            found += [(packet, arrival) for packet in stream.feed(data)]
        elif data:
            found.append((data, arrival))
    return found


def expected(corpus: Path, name: str) -> list[dict[str, dict[str, str]]]:
    """What the oracles state, a message a line."""
    return [json.loads(line) for line in lines(corpus / "hep" / f"{name}.expected.jsonl")]


def assert_states(packet: HepPacket, stated: dict[str, str]) -> None:
    """Compare each field that the dissector names; address fields differ by version."""
    assert str(packet.version) == stated["version"].removeprefix("HEP")
    if stated["ip_family"] in FAMILIES:
        assert packet.family == FAMILIES[stated["ip_family"]]
    if "source_port" in stated:
        assert packet.source_port == int(stated["source_port"])
        assert packet.destination_port == int(stated["destination_port"])
    if stated.get("transport_layer_protocol") in PROTOCOLS:
        assert packet.ip_protocol == PROTOCOLS[stated["transport_layer_protocol"]]
    for side, address in (("source", packet.source), ("destination", packet.destination)):
        for form in ("ipv4_address", "ipv6_address", "ip_address"):
            if f"{side}_{form}" in stated:
                assert ipaddress.ip_address(address) == ipaddress.ip_address(
                    stated[f"{side}_{form}"]
                )
    if "timestamp_unix" in stated:
        seconds, micros = int(stated["timestamp_unix"]), int(stated["timestamp_microsec"])
        assert packet.time_us == seconds * 1_000_000 + micros
    if stated.get("application_protocol") in TYPES:
        assert packet.protocol_type == TYPES[stated["application_protocol"]]
    assert packet.raw_node_id == int(stated.get("capture_node_id", 0))
    assert (packet.auth_key or b"").decode() == stated.get("auth_key", "")
    assert packet.correlation_id.decode() == stated.get("correlation_id", "")
    assert packet.node_name.decode() == stated.get("node_name", "")


def chunk_order(data: bytes) -> str:
    """The chunks of a packet as the oracle writes them."""
    order, at = [], HEAD_BYTES
    while at < len(data):
        vendor, number, length = CHUNK_HEAD.unpack_from(data, at)
        order.append(f"{vendor}:{number}")
        at += length
    return " ".join(order)


def test_every_message_of_every_recording_is_read_as_stated(corpus: Path) -> None:
    """All versions, all agents."""
    for name in recordings(corpus):
        found, oracle = messages(corpus, name), expected(corpus, name)
        assert len(found) == len(oracle)
        for (data, arrival), stated in zip(found, oracle, strict=True):
            assert hashlib.sha256(data).hexdigest() == str(stated["sha256"])
            packet = decode(data, received_at_us=arrival)
            if "tshark" in stated:
                assert_states(packet, stated["tshark"])
            if "payload_sha256" in stated:
                assert hashlib.sha256(packet.payload).hexdigest() == str(stated["payload_sha256"])
                assert chunk_order(data) == str(stated["chunk_order"])
            if "sip" in stated and stated["sip"]["call_id"]:
                assert find_call_id(packet.payload).decode() == stated["sip"]["call_id"]
            assert not packet.quirks & (Quirk.TRUNCATED | Quirk.ODD_WIDTH | Quirk.BIG_ENDIAN_TIME)


def test_every_message_is_admitted_under_its_call_id(corpus: Path) -> None:
    """Routing reads the same Call-ID as Wireshark, and the payload stays byte for byte."""
    peer = b"\x7f\0\0\1\x23\x64"
    for name in recordings(corpus):
        for (data, arrival), stated in zip(
            messages(corpus, name), expected(corpus, name), strict=True
        ):
            sent = decode(data, received_at_us=arrival)
            admitted = admit(data, received_at_us=arrival, peer=peer)
            found = decode3(admitted.packet)
            assert (found.payload, found.version) == (sent.payload, sent.version)
            assert (found.received_at_us, found.peer, found.auth_key) == (arrival, peer, None)
            if "sip" in stated and stated["sip"]["call_id"]:
                assert admitted.routing_key.decode() == stated["sip"]["call_id"]


def udp_payloads(capture: bytes) -> list[tuple[int, bytes]]:
    """Seconds and UDP payloads of a little-endian pcap of plain IPv4, Ethernet or raw."""
    offset = {1: 14, 101: 0}[struct.unpack_from("<I", capture, 20)[0]]
    found, at = [], 24
    while at < len(capture):
        seconds, _, size, _ = struct.unpack_from("<IIII", capture, at)
        frame = capture[at + 16 + offset : at + 16 + size]
        head = (frame[0] & 15) * 4
        length = struct.unpack_from("!H", frame, head + 4)[0]
        found.append((seconds, frame[head + 8 : head + length]))
        at += 16 + size
    return found


@pytest.mark.parametrize("name", ["hep-wireshark_hep", "heplify-server_vectors_udp9060"])
def test_the_vectors_of_other_projects_are_read_as_stated(corpus: Path, name: str) -> None:
    """Packets made by others' test suites."""
    frames = json.loads((corpus / "vectors" / f"{name}.tshark.json").read_text())
    datagrams = udp_payloads((corpus / "vectors" / f"{name}.pcap").read_bytes())
    assert len(frames) == len(datagrams)

    for frame, (seconds, data) in zip(frames, datagrams, strict=True):
        layers = frame["_source"]["layers"]
        layer = "hep3" if "hep3" in layers else "hep1"
        stated = {key.removeprefix(f"{layer}."): value for key, value in layers[layer].items()}
        assert_states(decode(data, received_at_us=seconds * 1_000_000), stated)


@pytest.mark.parametrize("path", ["hepPacket.hep3.bin", "hepV2Packet.hep1.bin"])
def test_the_byte_literals_are_the_packets_of_the_capture(corpus: Path, path: str) -> None:
    """The same vectors as plain files."""
    data = (corpus / "vectors" / f"heplify-server_decoder_test_{path}").read_bytes()

    assert decode(data).version == (3 if "hep3" in path else 1)
    assert find_call_id(decode(data).payload)
