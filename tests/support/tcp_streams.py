"""TCP connections as segments: cut, coalesced, shuffled, repeated, overlapping and lossy.

One ``Side`` is what one end sends; the segments are the dissector's values, and the same as frames
of a capture file for other programs to read.
"""

import random
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import pairwise

from hepscope_capture.decode.datagrams import Datagram
from support.frames import ethernet, ipv4, ipv6, pcap

FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16

CLIENT, SERVER = "192.0.2.1", "198.51.100.2"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8::2"


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of a connection; the number is that of its first byte."""

    hosts: tuple[str, str] = (CLIENT, SERVER)
    ports: tuple[int, int] = (40_000, 5060)
    number: int = 1000
    vlan: int = 0

    @property
    def other(self) -> "Side":
        """The direction against it."""
        return Side(self.hosts[::-1], self.ports[::-1], self.number ^ 0x5A5A5A5A, self.vlan)

    def segment(
        self,
        payload: bytes,
        at: int = 0,
        *,
        time_us: int = 0,
        flags: int = PUSH | ACK,
        acknowledgement: int = 0,
        is_cut: bool = False,
    ) -> Datagram:
        """A segment with the bytes from this place in the stream on."""
        source, destination = (ip_address(host).packed for host in self.hosts)
        return Datagram(
            time_us,
            6,
            source,
            self.ports[0],
            destination,
            self.ports[1],
            payload,
            self.vlan,
            is_cut,
            sequence=(self.number + at) % 2**32,
            flags=flags,
            acknowledgement=acknowledgement,
        )

    def syn(self, *, time_us: int = 0) -> Datagram:
        """The segment that opens the direction."""
        return self.segment(b"", -1, time_us=time_us, flags=SYN)

    def segments(
        self, stream: bytes, cuts: Iterable[int], *, start_us: int = 1, step_us: int = 1
    ) -> list[Datagram]:
        """The stream cut at these places, each segment a step later than the one before."""
        edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(stream)}), len(stream)]
        return [
            self.segment(stream[begin:end], begin, time_us=start_us + step_us * count)
            for count, (begin, end) in enumerate(pairwise(edges))
        ]


def sip(
    call_id: str = "call-1@example.com",
    body: bytes = b"",
    *,
    method: str = "INVITE",
    length: bytes | None = b"Content-Length: %d\r\n",
) -> bytes:
    """A request; length is the line that tells the body's, None = without."""
    stated = b"" if length is None else length % len(body) if b"%d" in length else length
    head = (
        f"{method} sip:bob@example.com SIP/2.0\r\n"
        "Via: SIP/2.0/TCP 192.0.2.1:40000;branch=z9hG4bK-1\r\n"
        "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
    )
    return head.encode() + stated + b"\r\n" + body


def answer(call_id: str = "call-1@example.com", body: bytes = b"") -> bytes:
    """A 200 to it."""
    return (
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.1:40000;branch=z9hG4bK-1\r\n"
        "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>;tag=2\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def shuffled(segments: Sequence[Datagram], chance: random.Random, reach: int) -> list[Datagram]:
    """The segments with none further than this many places from its own."""
    places = [count + chance.uniform(0, reach) for count in range(len(segments))]
    return [segments[n] for n in sorted(range(len(segments)), key=places.__getitem__)]


def frame(segment: Datagram) -> bytes:
    """A segment as an Ethernet frame, over IPv4 or IPv6."""
    source, destination = (ip_address(packed) for packed in (segment.source, segment.destination))
    head = struct.pack(
        "!HHIIBBHHH",
        segment.source_port,
        segment.destination_port,
        segment.sequence,
        segment.acknowledgement,
        5 << 4,
        segment.flags,
        65_535,
        0,
        0,
    )
    hosts = str(source), str(destination)
    if source.version == 4:
        packet = ipv4(head + segment.payload, protocol=6, hosts=hosts)
    else:
        packet = ipv6(head + segment.payload, following=6, hosts=hosts)
    tags = [(0x8100, segment.vlan)] if segment.vlan else []
    return ethernet(packet, tags=tags)


def capture(segments: Iterable[Datagram]) -> bytes:
    """The segments as a pcap file."""
    return pcap((segment.time_us, frame(segment)) for segment in segments)
