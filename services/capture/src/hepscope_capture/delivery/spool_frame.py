"""How batches lie in a spool file, so that a torn end and a damaged middle show.

A file begins with FILE_HEAD: magic, the origin of all its packets (16 bytes), and when it was
made (u64, Unix microseconds). Then come frames: magic, CRC-32 of all that follows u32, bytes of the
packets u32, number of the first packet u64, packets u16, and of each its length u16; then the
packets. All numbers are big-endian.
"""

import zlib
from collections.abc import Sequence
from struct import Struct, pack, unpack_from
from typing import NamedTuple

FILE_MAGIC = b"HEPSPC01"
FILE_HEAD = Struct("!8s16sQ")
FRAME_MAGIC = b"\xffHSf"
"""Found again behind a damaged frame; no packet begins so."""

FRAME_HEAD = Struct("!4sIIQH")
_CRC_FROM = 8

MAX_PACKETS = 4096
MAX_PAYLOAD_BYTES = MAX_PACKETS * 1024
"""More is damage."""


class Head(NamedTuple):
    """The head of a frame that can be one."""

    crc: int
    size: int
    first_seq: int
    packets: int

    @property
    def frame_bytes(self) -> int:
        """Of the whole frame."""
        return FRAME_HEAD.size + 2 * self.packets + self.size


def encode_frame(packets: Sequence[bytes], first_seq: int) -> bytes:
    """Return packets, each of 1 to 65,535 bytes, as they lie in the file."""
    payload = b"".join(packets)
    count = len(packets)
    lengths = pack(f"!{count}H", *map(len, packets))
    head = FRAME_HEAD.pack(FRAME_MAGIC, 0, len(payload), first_seq, count)
    crc = zlib.crc32(payload, zlib.crc32(lengths, zlib.crc32(head[_CRC_FROM:])))
    head = FRAME_HEAD.pack(FRAME_MAGIC, crc, len(payload), first_seq, count)
    return b"".join((head, lengths, payload))


def read_head(data: bytes, at: int = 0) -> Head | None:
    """Return what begins at an offset; None where it is no head of a frame, or not whole."""
    if at + FRAME_HEAD.size > len(data):
        return None
    magic, crc, size, first_seq, packets = FRAME_HEAD.unpack_from(data, at)
    if magic != FRAME_MAGIC or not 0 < packets <= MAX_PACKETS or size > MAX_PAYLOAD_BYTES:
        return None
    return Head(crc, size, first_seq, packets)


def read_packets(frame: bytes, head: Head) -> list[bytes] | None:
    """Return the packets of a frame that is whole; None where it is damaged."""
    if len(frame) != head.frame_bytes or zlib.crc32(memoryview(frame)[_CRC_FROM:]) != head.crc:
        return None
    lengths = unpack_from(f"!{head.packets}H", frame, FRAME_HEAD.size)
    at = FRAME_HEAD.size + 2 * head.packets
    if at + sum(lengths) != len(frame):
        return None
    packets = []
    for length in lengths:
        packets.append(frame[at : at + length])
        at += length
    return packets
