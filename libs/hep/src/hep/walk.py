"""The walk: the chunks of a HEP3 packet in any order, sorted but not read.

Every packet can be walked; it is the specification of what the faster readers do with usual
packets. Repeated chunks: the last wins. A length that points past the end, or below its own
head, stops the walk, and what fits is kept.
"""

from dataclasses import dataclass, field

from hep.chunks import (
    ALTERNATIVE_MAGIC,
    CHUNK_HEAD_BYTES,
    COMPRESSED,
    FIELD_WIDTHS,
    HEAD_BYTES,
    KEY_AND_LENGTH,
    MAGIC,
    OWN_VENDOR,
    PAYLOAD,
)
from hep.errors import DecodeError, Reason
from hep.packet import Quirk


@dataclass(slots=True)
class Walk:
    """The chunks of one packet, sorted but not read: last value by key, the rest in order."""

    fields: dict[int, bytes] = field(default_factory=dict)
    extra: list[tuple[int, int, bytes]] = field(default_factory=list)
    quirks: int = 0
    own_chunks: int = 0


def walk(data: bytes) -> Walk:
    """The chunks of the packet, whatever their order. Raises DecodeError for a bad head."""
    end = _checked_end(data)
    found = Walk(quirks=int(Quirk.TRAILING_BYTES) if end < len(data) else 0)
    if int.from_bytes(data[4:HEAD_BYTES], "big") > len(data):
        found.quirks |= Quirk.TRUNCATED
    at = HEAD_BYTES
    while at + CHUNK_HEAD_BYTES <= end:
        key, length = KEY_AND_LENGTH.unpack_from(data, at)
        # A length below its own head would never advance and loop for ever.
        if length < CHUNK_HEAD_BYTES:
            break
        stop = at + length
        if stop > end:
            # Old sofia-sip sends lengths beyond the datagram: the payload is what there is.
            if key in (PAYLOAD, COMPRESSED):
                found.fields[key] = data[at + CHUNK_HEAD_BYTES : end]
            break
        _sort_in(found, key, data[at + CHUNK_HEAD_BYTES : stop])
        at = stop
    if at < end:
        found.quirks |= Quirk.TRUNCATED
    return found


def _checked_end(data: bytes) -> int:
    magic = data[:4]
    if magic not in (MAGIC, ALTERNATIVE_MAGIC):
        if not data:
            raise DecodeError(Reason.EMPTY, 0)
        is_cut = MAGIC.startswith(data) or ALTERNATIVE_MAGIC.startswith(data)
        raise DecodeError(Reason.TRUNCATED, len(data)) if is_cut else DecodeError(Reason.NOT_HEP, 0)
    if len(data) < HEAD_BYTES:
        raise DecodeError(Reason.TRUNCATED, len(data))
    total = int.from_bytes(data[4:HEAD_BYTES], "big")
    if total < HEAD_BYTES:
        raise DecodeError(Reason.BAD_LENGTH, 4)
    return min(total, len(data))


def _sort_in(found: Walk, key: int, value: bytes) -> None:
    found.own_chunks += key >> 16 == OWN_VENDOR
    widths = FIELD_WIDTHS.get(key)
    if widths is not None and (not widths or len(value) in widths):
        found.fields[key] = value
        return
    if widths is not None:
        found.quirks |= Quirk.ODD_WIDTH
    found.extra.append((key >> 16, key & 0xFFFF, value))
