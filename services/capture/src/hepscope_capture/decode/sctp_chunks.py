"""The chunks of an SCTP packet that carry data: DATA (RFC 9260 3.3.1), I-DATA (RFC 8260 2.1)."""

import struct
from typing import NamedTuple

_HEAD = struct.Struct("!BBH").unpack_from  # type, flags, length with this head
_HEAD_BYTES = 4
_DATA, _I_DATA = 0, 64
# TSN, stream; then the payload's protocol, and with I-DATA the message and the piece within it.
_DATA_HEAD = struct.Struct("!4xIH").unpack_from
_I_DATA_HEAD = struct.Struct("!4xIH2xII").unpack_from
_DATA_BYTES, _I_DATA_BYTES = 16, 20
_END, _BEGIN, _UNORDERED = 1, 2, 4


class Chunk(NamedTuple):
    """User data; numbers of pieces of one message follow each other within their group."""

    tsn: int
    group: tuple[int, ...]  # I-DATA: stream, order and message; DATA: the association, empty
    number: int
    is_first: bool
    is_last: bool
    data: bytes
    is_cut: bool  # the capture lacks its end

    @property
    def is_whole(self) -> bool:
        """Whether this is the only chunk of its message."""
        return self.is_first and self.is_last


class Chunks(NamedTuple):
    """What carries data in one packet."""

    chunks: list[Chunk]
    is_malformed: bool = False  # ends at a chunk that cannot be


def chunks_of(data: bytes, *, is_cut: bool = False) -> Chunks:
    """Return the chunks with data, in their order, of what follows an SCTP head.

    Never raises; of a packet that the capture cut, the last one may be cut.
    """
    chunks: list[Chunk] = []
    at = 0
    while at < len(data):
        if len(data) - at < _HEAD_BYTES:
            return Chunks(chunks, not is_cut)
        kind, flags, length = _HEAD(data, at)
        if length < _HEAD_BYTES:
            return Chunks(chunks, is_malformed=True)
        lacks = at + length > len(data)
        if lacks and not is_cut:
            return Chunks(chunks, is_malformed=True)
        if kind in (_DATA, _I_DATA):
            head = _DATA_BYTES if kind == _DATA else _I_DATA_BYTES
            # A chunk without data must not be sent (RFC 9260 3.3.1).
            if length <= head:
                return Chunks(chunks, is_malformed=True)
            if at + head >= len(data):
                return Chunks(chunks)
            chunks.append(_chunk(data, at, kind, flags, at + length))
        at += length + -length % 4
    return Chunks(chunks)


def _chunk(data: bytes, at: int, kind: int, flags: int, end: int) -> Chunk:
    is_first, is_last = bool(flags & _BEGIN), bool(flags & _END)
    is_cut = end > len(data)
    if kind == _DATA:
        tsn, _ = _DATA_HEAD(data, at)
        return Chunk(tsn, (), tsn, is_first, is_last, data[at + _DATA_BYTES : end], is_cut)
    tsn, stream, message, number = _I_DATA_HEAD(data, at)
    group = (stream, flags & _UNORDERED, message)
    # The first piece has the payload's protocol in the place of its number, which is 0.
    number = 0 if is_first else number
    return Chunk(tsn, group, number, is_first, is_last, data[at + _I_DATA_BYTES : end], is_cut)
