"""A call as a capture file: each message in the packet that may have carried it.

Classic pcap (little-endian, microseconds, link type 101 = raw IP), which every reader knows.
Addresses, ports, transport and times are those of the messages:

- UDP: one datagram a message.
- TCP: one stream per pair of endpoints, opened by a handshake at the time of its first
  message and continued in both directions, so that Wireshark reassembles it.
- TLS, WS, WSS: as TCP. What was inside is all that was captured; it cannot be encrypted again.
- SCTP: one DATA chunk a message.
- Transport unknown, or more than a datagram can hold: UDP where it fits, else TCP.

A message that two nodes captured is in the file twice, in one stream, as in lists.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hepscope_query_api.export.wire import (
    MAX_SEGMENT,
    MAX_UDP_PAYLOAD,
    Path,
    path_of,
    sctp,
    tcp,
    udp,
)

FILE_HEAD: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101)
RECORD_HEAD: Final = struct.Struct("<IIII")

SYN = 0x02
PSH = 0x08
ACK = 0x10

STREAMS = frozenset({"tcp", "tls", "ws", "wss"})
FIRST_SEQ = 1000
"""Any number does; a round one reads well."""

SCTP_TAG = 0x48455053
"""Of one direction; the other has the next one. With one tag for both, a reader takes an answer
for a copy of the request with the same number."""
MAX_TIME_US = (1 << 32) * 1_000_000 - 1
"""Seconds have 32 bits: until 2106."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A message to write; addresses are packed, b"" = unknown, transport "" = unknown."""

    time_us: int
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    transport: str
    payload: bytes


@dataclass(slots=True)
class Writer:
    """Turns messages into records of a capture file; one per file, it remembers the streams."""

    streams: dict[Path, int] = field(default_factory=dict)
    chunks: dict[Path, int] = field(default_factory=dict)

    def records(self, packet: Packet) -> bytes:
        """Return the records of a message, after those of all messages before it."""
        path = path_of(
            packet.source, packet.source_port, packet.destination, packet.destination_port
        )
        return b"".join(_record(packet.time_us, raw) for raw in self._packets(packet, path))

    def _packets(self, packet: Packet, path: Path) -> Iterator[bytes]:
        payload = packet.payload
        fits = len(payload) <= MAX_UDP_PAYLOAD
        if packet.transport in STREAMS or not fits:
            yield from self._stream(path, payload)
        elif packet.transport == "sctp" and len(payload) <= MAX_SEGMENT:
            tsn = self.chunks[path] = self.chunks.get(path, 0) + 1
            yield sctp(path, payload, tsn=tsn, tag=SCTP_TAG + (path < path.back))
        else:
            yield udp(path, payload)

    def _stream(self, path: Path, payload: bytes) -> Iterator[bytes]:
        if path not in self.streams:
            yield from self._open(path)
        for at in range(0, max(len(payload), 1), MAX_SEGMENT):
            part = payload[at : at + MAX_SEGMENT]
            if not part:
                return
            seq, ack = self.streams[path], self.streams[path.back]
            yield tcp(path, part, seq=seq, ack=ack, flags=ACK | PSH)
            self.streams[path] = seq + len(part)

    def _open(self, path: Path) -> Iterator[bytes]:
        # Both directions begin, so that the first answer continues this stream.
        self.streams[path] = self.streams[path.back] = FIRST_SEQ + 1
        if path == path.back:
            # From and to the same place, or both unknown: nobody to shake hands with.
            return
        yield tcp(path, b"", seq=FIRST_SEQ, ack=0, flags=SYN)
        yield tcp(path.back, b"", seq=FIRST_SEQ, ack=FIRST_SEQ + 1, flags=SYN | ACK)
        yield tcp(path, b"", seq=FIRST_SEQ + 1, ack=FIRST_SEQ + 1, flags=ACK)


def _record(time_us: int, raw: bytes) -> bytes:
    seconds, micros = divmod(min(max(time_us, 0), MAX_TIME_US), 1_000_000)
    return RECORD_HEAD.pack(seconds, micros, len(raw), len(raw)) + raw
