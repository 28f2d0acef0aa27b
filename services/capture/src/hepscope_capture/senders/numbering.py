"""The number of a packet: our chunks 16 (origin) and 17 (seq) behind all others.

They need 36 bytes, and HEP3's total length has 16 bits. Where they do not fit, the payload is
compressed (chunk 0x10, zlib) to make room. A packet that has no room even so stays as it is.
"""

import zlib

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


class Numbering:
    """Writes the numbers of one origin (16 bytes) into packets."""

    def __init__(self, origin: bytes) -> None:
        self._origin_chunk = chunk(OWN_VENDOR, _ORIGIN, origin)

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
