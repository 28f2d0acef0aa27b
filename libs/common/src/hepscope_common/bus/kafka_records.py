"""Records as Kafka holds them: no key, our headers, and behind them one with the packet count.

The count (u16, big-endian) travels as the last header, ``packets``. A record without it, which a
foreign producer wrote, is counted by its HEP3 frames; what is not HEP3 counts as one packet.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from hep import framing
from hep.errors import DecodeError
from hepscope_common.bus.protocol import MAX_RECORD_PACKETS, Record, TopicPartition

PACKETS_HEADER: Final = "packets"
PACKETS_BYTES: Final = 2

Headers = tuple[tuple[str, bytes], ...]


class WireRecord(Protocol):
    """A record as the client library gives it."""

    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def wire_headers(headers: Headers, packets: int) -> list[tuple[str, bytes]]:
    """Return the headers to write."""
    return [*headers, (PACKETS_HEADER, packets.to_bytes(PACKETS_BYTES, "big"))]


def record_of(where: TopicPartition, found: WireRecord) -> Record:
    """Return our form of a record read."""
    value = found.value or b""
    headers = tuple((key, content or b"") for key, content in found.headers)
    packets = _packets_of(headers)
    if packets:
        headers = headers[:-1]
    else:
        packets = _count(value)
    return Record(where.topic, where.partition, found.offset, value, packets, headers)


def _packets_of(headers: Headers) -> int:
    """Return what the last header says, 0 when it says nothing that can be."""
    if not headers or headers[-1][0] != PACKETS_HEADER or len(headers[-1][1]) != PACKETS_BYTES:
        return 0
    packets = int.from_bytes(headers[-1][1], "big")
    return packets if packets <= MAX_RECORD_PACKETS else 0


def _count(value: bytes) -> int:
    try:
        return max(1, len(framing.scan(value)))
    except DecodeError:
        return 1
