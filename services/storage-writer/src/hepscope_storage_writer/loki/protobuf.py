"""Pushes as protocol buffers, compressed by snappy (block format): Loki's own way.

Of logproto's messages four are needed, all with fields of one byte's tag:

    PushRequest        1 StreamAdapter*
    StreamAdapter      1 labels (text)   2 EntryAdapter*
    EntryAdapter       1 Timestamp (1 seconds, 2 nanoseconds)   2 line   3 LabelPairAdapter*
    LabelPairAdapter   1 name   2 value

A field is its tag (number << 3 | wire type; 2 is length-delimited, 0 a varint), then its length as
a varint, then its bytes. A field of value 0 is left out.
"""

from collections.abc import Sequence
from typing import Final

import cramjam

from hepscope_storage_writer.loki.form import Entry, Pairs, Part

_FIELD_1: Final = b"\x0a"
_FIELD_2: Final = b"\x12"
_FIELD_3: Final = b"\x1a"
_SECONDS: Final = b"\x08"
_NANOS: Final = b"\x10"

_SMALL: Final = tuple(bytes((value,)) for value in range(128))
_NS: Final = 1_000_000_000

MAX_REMEMBERED: Final = 4096
"""Metadata pairs whose bytes are remembered: addresses and methods repeat."""

MAX_SHORT: Final = 64
"""Longer values are Call-IDs, which do not repeat enough."""


def varint(value: int) -> bytes:
    """Return a number that is not negative, seven bits a byte, least first."""
    if value < 128:
        return _SMALL[value]
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


class ProtobufForm:
    """The form; remembers the parts that repeat."""

    def __init__(self) -> None:
        self.headers = {"content-type": "application/x-protobuf"}
        self._second = -1
        self._seconds = b""
        self._pairs: dict[tuple[str, str], bytes] = {}

    def entry(self, time_ns: int, line: bytes, pairs: Pairs) -> Entry:
        """Return an entry of a line in UTF-8."""
        second, nanos = divmod(time_ns, _NS)
        if second != self._second:
            self._second = second
            self._seconds = _SECONDS + varint(second)
        time = self._seconds + _NANOS + varint(nanos) if nanos else self._seconds
        length = len(line)
        base = b"".join(
            (_FIELD_1, _SMALL[len(time)], time, _FIELD_2,
             _SMALL[length] if length < 128 else varint(length), line)
        )  # fmt: skip
        return Entry(time_ns, base, b"".join([self._pair(pair) for pair in pairs]))

    def body(self, parts: Sequence[Part], *, with_metadata: bool) -> bytes:
        """Return the body of a push."""
        found: list[bytes] = []
        for stream, entries in parts:
            labels = stream.text.encode()
            pieces = [_FIELD_1, varint(len(labels)), labels]
            for _, base, metadata in entries:
                if with_metadata:
                    pieces += (_FIELD_2, varint(len(base) + len(metadata)), base, metadata)
                else:
                    pieces += (_FIELD_2, varint(len(base)), base)
            message = b"".join(pieces)
            found += (_FIELD_1, varint(len(message)), message)
        return bytes(cramjam.snappy.compress_raw(b"".join(found)))

    def _pair(self, pair: tuple[str, str]) -> bytes:
        found = self._pairs.get(pair)
        if found is None:
            found = _pair_bytes(*pair)
            if len(pair[1]) <= MAX_SHORT:
                if len(self._pairs) >= MAX_REMEMBERED:
                    self._pairs.clear()
                self._pairs[pair] = found
        return found


def _pair_bytes(name: str, value: str) -> bytes:
    raw_name, raw_value = name.encode(), value.encode("utf-8", "replace")
    message = b"".join(
        (_FIELD_1, varint(len(raw_name)), raw_name, _FIELD_2, varint(len(raw_value)), raw_value)
    )
    return b"".join((_FIELD_3, varint(len(message)), message))
