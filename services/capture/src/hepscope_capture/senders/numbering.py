"""The number of a packet: our chunks 16 (origin) and 17 (seq) behind all others.

They need 36 bytes, and HEP3's total length has 16 bits. Where they do not fit, the payload is
compressed (chunk 0x10, zlib) to make room. A packet that has no room even so stays as it is.
"""

import zlib
from collections.abc import Iterable
from struct import Struct

from hep.chunks import (
    CHUNK_HEAD_BYTES,
    COMPRESSED,
    HEAD,
    HEAD_BYTES,
    KEY_AND_LENGTH,
    MAGIC,
    MAX_PACKET_BYTES,
    OWN_VENDOR,
    PAYLOAD,
    chunk,
)

_ORIGIN, _SEQ = 16, 17

NUMBER_BYTES = 2 * CHUNK_HEAD_BYTES + 16 + 8

_TAIL = Struct(f"!{NUMBER_BYTES - 8}sQ")


class Numbering:
    """Writes the numbers of one origin (16 bytes) into packets."""

    def __init__(self, origin: bytes) -> None:
        self._origin_chunk = chunk(OWN_VENDOR, _ORIGIN, origin)
        self._before_seq = self._origin_chunk + chunk(OWN_VENDOR, _SEQ, bytes(8))[:-8]
        self._heads: dict[int, bytes] = {}  # by the length without number

    def pieces(self, packets: Iterable[bytes], first_seq: int) -> list[bytes]:
        """Return HEP3 packets with their numbers, for a join: the fast way for many.

        One without room for its number stays as it is.
        """
        heads, before, tail = self._heads, self._before_seq, _TAIL.pack
        pieces: list[bytes] = []
        for seq, packet in enumerate(packets, first_seq):
            head = heads.get(len(packet)) or self._head(len(packet))
            if head:
                pieces += (head, packet[HEAD_BYTES:], tail(before, seq))
            else:
                pieces.append(self.number(packet, seq) or packet)
        return pieces

    def _head(self, length: int) -> bytes:
        """Return magic and length of a packet that gets a number; nothing where it has no room."""
        if length + NUMBER_BYTES > MAX_PACKET_BYTES:
            return b""
        head = self._heads[length] = HEAD.pack(MAGIC, length + NUMBER_BYTES)
        return head

    def number(self, packet: bytes, seq: int) -> bytes | None:
        """Return a HEP3 packet with its number; None when there is no room for one."""
        number = self._origin_chunk + chunk(OWN_VENDOR, _SEQ, seq.to_bytes(8, "big"))
        chunks = packet[HEAD_BYTES:]
        if len(packet) + len(number) > MAX_PACKET_BYTES:
            chunks = _with_packed_payload(chunks)
        total = HEAD_BYTES + len(chunks) + len(number)
        if total > MAX_PACKET_BYTES:
            return None
        return HEAD.pack(MAGIC, total) + chunks + number


def compress(packet: bytes) -> bytes:
    """Return a HEP3 packet with its payload compressed, as it is where that gains nothing."""
    chunks = _with_packed_payload(packet[HEAD_BYTES:])
    return HEAD.pack(MAGIC, HEAD_BYTES + len(chunks)) + chunks


def _with_packed_payload(chunks: bytes) -> bytes:
    """Return the chunks with the payload compressed, as they are where that gains nothing."""
    at = 0
    while at + CHUNK_HEAD_BYTES <= len(chunks):
        key, length = KEY_AND_LENGTH.unpack_from(chunks, at)
        if length < CHUNK_HEAD_BYTES:
            break
        if key == PAYLOAD:
            packed = zlib.compress(chunks[at + CHUNK_HEAD_BYTES : at + length])
            if CHUNK_HEAD_BYTES + len(packed) >= length:
                break
            return chunks[:at] + chunk(0, COMPRESSED, packed) + chunks[at + length :]
        at += length
    return chunks
