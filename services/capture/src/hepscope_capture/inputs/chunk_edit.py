"""Single chunks of a HEP3 packet replaced, all others kept byte for byte, in their order."""

import zlib
from collections.abc import Mapping
from typing import NamedTuple

from hep import EncodeError, Reason
from hep.chunks import (
    AUTH_KEY,
    CHUNK_HEAD_BYTES,
    COMPRESSED,
    HEAD,
    HEAD_BYTES,
    KEY_AND_LENGTH,
    MAX_PACKET_BYTES,
    PAYLOAD,
)

_key_and_length = KEY_AND_LENGTH.unpack_from
_PAYLOADS = (PAYLOAD, COMPRESSED)


class Chunk(NamedTuple):
    """A chunk with its head: ``packet[start:stop]``; key is vendor << 16 | type."""

    key: int
    start: int
    stop: int


def chunks_of(packet: bytes) -> list[Chunk] | None:
    """Return the chunks; None when the lengths do not fill exactly these bytes."""
    end = len(packet)
    if end < HEAD_BYTES or packet[4] << 8 | packet[5] != end:
        return None
    found = []
    at, last_head = HEAD_BYTES, end - CHUNK_HEAD_BYTES
    while at <= last_head:
        key, length = _key_and_length(packet, at)
        stop = at + length
        if length < CHUNK_HEAD_BYTES or stop > end:
            return None
        found.append(Chunk(key, at, stop))
        at = stop
    return found if at == end else None


def replace(packet: bytes, chunks: list[Chunk], values: Mapping[int, bytes | None]) -> bytes:
    """Return the packet with other values of some keys; None removes a chunk.

    A chunk that was not there comes before the payload. A new payload takes the place of the
    old one, compressed or not, and is compressed when it has no room otherwise. Raises
    EncodeError TOO_LARGE when nothing helps.
    """
    try:
        return _assemble(packet, chunks, values)
    except EncodeError:
        plain = values.get(PAYLOAD) or value_of(packet, chunks, PAYLOAD)
        if not plain:
            raise
        packed = zlib.compress(plain)
        return _assemble(packet, chunks, {**values, PAYLOAD: None, COMPRESSED: packed})


def value_of(packet: bytes, chunks: list[Chunk], key: int) -> bytes | None:
    """Return the value of a chunk, of the last one as decoders do; None when there is none."""
    for chunk in reversed(chunks):
        if chunk.key == key:
            return packet[chunk.start + CHUNK_HEAD_BYTES : chunk.stop]
    return None


def _assemble(packet: bytes, chunks: list[Chunk], values: Mapping[int, bytes | None]) -> bytes:
    is_payload_new = PAYLOAD in values
    missing = {key: value for key, value in values.items() if value is not None}
    parts: list[bytes] = []
    payload_at = -1
    for key, start, stop in chunks:
        if key in _PAYLOADS and payload_at < 0:
            payload_at = len(parts)
        if key in values or (is_payload_new and key in _PAYLOADS):
            value = missing.pop(key, None)
            if value is not None:
                parts.append(_chunk(key, value))
        else:
            parts.append(packet[start:stop])
    if missing:
        at = payload_at if payload_at >= 0 else len(parts)
        # The key first: some servers read up to the payload only.
        order = sorted(missing, key=lambda key: (key in _PAYLOADS, key != AUTH_KEY))
        parts[at:at] = [_chunk(key, missing[key]) for key in order]
    body = b"".join(parts)
    if HEAD_BYTES + len(body) > MAX_PACKET_BYTES:
        raise EncodeError(Reason.TOO_LARGE, "payload")
    return HEAD.pack(packet[:4], HEAD_BYTES + len(body)) + body


def _chunk(key: int, value: bytes) -> bytes:
    length = CHUNK_HEAD_BYTES + len(value)
    if length > MAX_PACKET_BYTES:
        raise EncodeError(Reason.TOO_LARGE, f"chunk {key >> 16}:{key & 0xFFFF}")
    return KEY_AND_LENGTH.pack(key, length) + value
