"""Exports of calls over every transport, read by tshark and compared with what was sent."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from hep import decode
from support.builders import make_packet, make_request, make_response
from support.service import Service
from support.siptools import complaints, read_sip, tshark

pytestmark = pytest.mark.database

SECOND_US = 1_000_000
LONG_HEADER = f"X-Long: {'filling ' * 500}\r\n"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two hosts of a call."""

    address: str
    port: int


V4 = (Side("192.0.2.1", 5060), Side("198.51.100.2", 5080))
SAME = (Side("127.0.0.1", 5060), Side("127.0.0.1", 5060))
V6 = (Side("2001:db8::1", 5060), Side("2001:db8::2", 5080))


def make_call(
    call_id: str,
    sides: tuple[Side, Side],
    *,
    ip_protocol: int,
    via: str = "UDP",
    headers: str = "",
    body: str = "",
) -> list[bytes]:
    """Return the packets of an answered call of now."""
    start_us = time.time_ns() // 1000 - 60 * SECOND_US
    caller, callee = sides

    def packet(payload: bytes, after_us: int, *, there: bool) -> bytes:
        source, destination = (caller, callee) if there else (callee, caller)
        return make_packet(
            payload.replace(b"SIP/2.0/UDP", f"SIP/2.0/{via}".encode()),
            time_us=start_us + after_us,
            source=source.address,
            destination=destination.address,
            source_port=source.port,
            destination_port=destination.port,
            ip_protocol=ip_protocol,
        )

    invite = make_request("INVITE", call_id, headers=headers, body=body)
    bye = make_request("BYE", call_id, cseq=2, to_tag="to-1", branch="z9hG4bK-2")
    return [
        packet(invite, 0, there=True),
        packet(make_response(100, "Trying", call_id=call_id), 7, there=False),
        packet(make_response(180, "Ringing", call_id=call_id), SECOND_US, there=False),
        packet(make_response(200, "OK", call_id=call_id), 2 * SECOND_US + 1, there=False),
        packet(make_request("ACK", call_id, to_tag="to-1"), 2 * SECOND_US + 2, there=True),
        packet(bye, 9 * SECOND_US, there=True),
        packet(make_response(200, "OK", "BYE", call_id, cseq=2), 9 * SECOND_US + 3, there=False),
    ]


def send(service: Service, packets: list[bytes], call_id: str) -> None:
    """Send packets and wait until they are stored."""
    service.send_tcp(packets)
    service.call_with(call_id, len(packets))


CASES = {
    # Hosts, HEP's number of the transport, and what the top Via says.
    "tcp": (V4, 6, "TCP"),
    "tcp6": (V6, 6, "TCP"),
    "tls": (V4, 22, "TLS"),
    "websocket": (V4, 50, "WS"),
    "udp": (V4, 17, "UDP"),
    "udp6": (V6, 17, "UDP"),
    "loop": (SAME, 6, "TCP"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("headers", ["", LONG_HEADER], ids=["short", "long"])
def test_pcap_is_what_was_on_the_wire(
    hepscope: Service, tmp_path: Path, case: str, headers: str
) -> None:
    """Each message comes back with its ends and time; nothing is marked as resent or broken."""
    sides, ip_protocol, via = CASES[case]
    call_id = f"export-{case}-{len(headers)}@example.org"
    packets = make_call(call_id, sides, ip_protocol=ip_protocol, via=via, headers=headers)
    send(hepscope, packets, call_id)
    path = tmp_path / "export.pcap"
    path.write_bytes(hepscope.export(call_id, "pcap"))
    messages = read_sip(path, ports=[("tcp", 5060), ("udp", 5060)])
    got = [(one.time_us, one.source, one.destination, one.transport) for one in messages]
    callers, callees = ((side.address, side.port) for side in sides)
    ways = [(callers, callees) if i in {0, 4, 5} else (callees, callers) for i in range(7)]
    assert got == [
        (decode(packet).time_us, *way, "udp" if via == "UDP" else "tcp")
        for packet, way in zip(packets, ways, strict=True)
    ]
    assert complaints(path) == []
    assert {one["transport"] for one in hepscope.messages(call_id)} == {via.lower()}


def test_tcp_stream_holds_the_messages_byte_for_byte(hepscope: Service, tmp_path: Path) -> None:
    """Following the stream in tshark gives the payloads, each side in its order."""
    call_id = "export-stream@example.org"
    packets = make_call(call_id, V4, ip_protocol=6, headers=LONG_HEADER, body="v=0\r\n" * 400)
    send(hepscope, packets, call_id)
    path = tmp_path / "export.pcap"
    path.write_bytes(hepscope.export(call_id, "pcap"))
    lines = tshark(path, "-q", "-z", "follow,tcp,raw,0")
    there = "".join(line for line in lines if line and set(line) <= set("0123456789abcdef"))
    back = "".join(line.strip() for line in lines if line.startswith("\t"))
    payloads = [decode(packet).payload for packet in packets]
    assert bytes.fromhex(there) == b"".join(payloads[i] for i in (0, 4, 5))
    assert bytes.fromhex(back) == b"".join(payloads[i] for i in (1, 2, 3, 6))


def test_json_holds_call_and_messages(hepscope: Service) -> None:
    """The JSON export is the call and its messages as the API lists them, with payload."""
    call_id = "export-json@example.org"
    send(hepscope, make_call(call_id, V4, ip_protocol=17), call_id)
    document = json.loads(hepscope.export(call_id, "json"))
    assert document["call"]["call_id"] == call_id
    assert document["call"]["state"] == "completed"
    assert document["messages"] == hepscope.messages(call_id, include="payload")


def test_text_is_readable_and_harmless(hepscope: Service) -> None:
    """The text export has every message in order; control characters are spelled out."""
    call_id = "export-text@example.org"
    packets = make_call(call_id, V4, ip_protocol=17, headers="X-Evil: \x1b[2J\x07\r\n")
    send(hepscope, packets, call_id)
    text = hepscope.export(call_id, "text").decode()
    starts = [decode(packet).payload.split(b"\r\n")[0].decode() for packet in packets]
    at = 0
    for start in starts:
        at = text.index(start, at) + len(start)
    assert "192.0.2.1:5060 -> 198.51.100.2:5080" in text
    assert "\\x1b[2J\\x07" in text
    assert not any(ord(char) < 32 and char not in "\r\n\t" for char in text)
