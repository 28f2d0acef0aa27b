"""How a record lies in a spool file: length and CRC in front, so that a torn end shows.

A file begins with FILE_HEAD: magic and the time of its first record (u64, Unix microseconds).
Then come frames: length of the body u32, CRC-32 of the body u32, body. A body is partition u32,
packets u16, topic (u8 and bytes), headers (u8 how many, each name as u8 and bytes, value as u16
and bytes), and the packets of the record to its end. All numbers are big-endian.
"""

import zlib
from struct import Struct
from typing import NamedTuple

from hepscope_common.bus.origins import Headers
from hepscope_common.bus.protocol import MAX_RECORD_BYTES
from hepscope_ingest.delivery import Sealed

MAGIC = b"HEPSPL01"
FILE_HEAD = Struct("!8sQ")
FRAME_HEAD = Struct("!II")
_BODY_HEAD = Struct("!IHB")

MAX_BODY_BYTES = MAX_RECORD_BYTES + 64 * 1024
"""A record and whatever its headers may hold; a greater length is damage."""


class Frame(NamedTuple):
    """What was found at a place of a file."""

    record: Sealed | None
    """None where the length is sound and the body is not."""
    end: int
    """Offset behind it."""


def encode_frame(record: Sealed) -> bytes:
    """Return a record as it lies in the file; who waits for it stays behind."""
    topic = record.topic.encode()
    parts = [_BODY_HEAD.pack(record.partition, record.packets, len(topic)), topic]
    parts.append(len(record.headers).to_bytes(1, "big"))
    for name, value in record.headers:
        encoded = name.encode()
        parts += (len(encoded).to_bytes(1, "big"), encoded, len(value).to_bytes(2, "big"), value)
    parts.append(record.value)
    body = b"".join(parts)
    return FRAME_HEAD.pack(len(body), zlib.crc32(body)) + body


def read_frame(data: bytes, at: int) -> Frame | None:
    """Return what begins at an offset; None if it is not whole, or no frame can begin there."""
    if at + FRAME_HEAD.size > len(data):
        return None
    length, crc = FRAME_HEAD.unpack_from(data, at)
    start = at + FRAME_HEAD.size
    end = start + length
    if not 0 < length <= MAX_BODY_BYTES or end > len(data):
        return None
    body = data[start:end]
    return Frame(_decode_body(body) if zlib.crc32(body) == crc else None, end)


def is_cut(data: bytes, at: int) -> bool:
    """Tell whether a frame begins at an offset whose length can be, and goes on behind the end."""
    if at + FRAME_HEAD.size > len(data):
        return True
    length: int = FRAME_HEAD.unpack_from(data, at)[0]
    return 0 < length <= MAX_BODY_BYTES and at + FRAME_HEAD.size + length > len(data)


def _decode_body(body: bytes) -> Sealed | None:
    try:
        partition, packets, topic_bytes = _BODY_HEAD.unpack_from(body, 0)
        at = _BODY_HEAD.size + topic_bytes
        topic = body[_BODY_HEAD.size : at].decode()
        headers, at = _read_headers(body, at)
    except (IndexError, ValueError):
        # A sum that fits by chance, or a file of another release.
        return None
    return Sealed(topic, partition, body[at:], packets, headers, None)


def _read_headers(body: bytes, at: int) -> tuple[Headers, int]:
    headers = []
    count = body[at]
    at += 1
    for _ in range(count):
        name_end = at + 1 + body[at]
        name = body[at + 1 : name_end].decode()
        value_start = name_end + 2
        at = value_start + int.from_bytes(body[name_end:value_start], "big")
        headers.append((name, body[value_start:at]))
    if at > len(body):
        raise ValueError("a header beyond the end")
    return tuple(headers), at
