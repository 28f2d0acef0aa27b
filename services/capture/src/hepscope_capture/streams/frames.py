"""WebSocket frames (RFC 6455 section 5.2): heads, masks, and how a stream of them is told."""

import re
from itertools import islice
from typing import NamedTuple

from hep.sip import looks_like_sip
from hep.sip.startline import KNOWN_METHODS
from hepscope_capture.streams.inflate import Inflater

FIN, DEFLATED, OPCODE = 0x80, 0x40, 0x0F
_RESERVED = 0x30
CONTINUATION, TEXT, BINARY = 0, 1, 2
_OPCODES = frozenset((CONTINUATION, TEXT, BINARY, 8, 9, 10))
_CONTROL = 0x08
_MASKED, _LENGTH = 0x80, 0x7F
_CONTROL_BYTES = 125

# Of frames that begin a message.
FIRST_BYTES = frozenset((0x01, 0x02, 0x41, 0x42, 0x81, 0x82, 0xC1, 0xC2))
_PLAIN_FIRST = re.compile(rb"[\x01\x02\x81\x82]")
# What a frame has to begin with to be taken for SIP without having seen the handshake.
# Only known methods: the rest of one, behind a byte that is taken for a length, is none.
_METHODS = "|".join(sorted(KNOWN_METHODS)).encode()
_BEGINNING = re.compile(
    rb"[\r\n]*(?:SIP/2\.0 \d{3}|(?:" + _METHODS + rb") [A-Za-z][A-Za-z0-9+.-]{1,15}:)"
)
FINDING_BYTES = 64
HEAD_BYTES = 14
# Bytes of a segment that may begin a frame are many in foreign data.
_MAX_PLACES = 64


class FrameError(ValueError):
    """The bytes are no frame of WebSocket."""


class FrameHead(NamedTuple):
    """A frame's first byte, where its payload starts and ends, and its mask (b"" = none)."""

    first: int
    start: int
    end: int
    mask: bytes

    @property
    def is_control(self) -> bool:
        """Whether this is a close, ping or pong."""
        return bool(self.first & _CONTROL)


def frame_head(data: bytes | bytearray, at: int) -> FrameHead | None:
    """Return the head of the frame that begins here, None when it is not all there.

    Raises FrameError for what RFC 6455 does not allow, whatever the bytes.
    """
    if len(data) - at < 2:
        return None
    first, second = data[at], data[at + 1]
    length = second & _LENGTH
    if first & _RESERVED or first & OPCODE not in _OPCODES:
        raise FrameError
    if first & _CONTROL and (not first & FIN or first & DEFLATED or length > _CONTROL_BYTES):
        raise FrameError
    if first & DEFLATED and not first & OPCODE:
        raise FrameError
    start = at + 2
    if length == 126:
        start += 2
    elif length == 127:
        start += 8
    if len(data) < start:
        return None
    if length >= 126:
        length = int.from_bytes(data[at + 2 : start], "big")
        if length >> 63:
            raise FrameError
    mask = b""
    if second & _MASKED:
        mask = bytes(data[start : start + 4])
        start += 4
        if len(data) < start:
            return None
    return FrameHead(first, start, start + length, mask)


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Return the payload without its mask (RFC 6455 section 5.3)."""
    size = len(payload)
    if not mask or not size:
        return payload
    stretched = (mask * (size // 4 + 1))[:size]
    clear = int.from_bytes(payload, "little") ^ int.from_bytes(stretched, "little")
    return clear.to_bytes(size, "little")


def opens_sip(data: bytes | bytearray, at: int = 0) -> bool:
    """Tell whether a frame with the beginning of a SIP message starts here.

    Of a compressed one with a history that was not seen, its exact length has to do.
    """
    try:
        head = frame_head(data, at)
    except FrameError:
        return False
    if head is None or head.first & OPCODE not in (TEXT, BINARY):
        return False
    if not head.first & DEFLATED:
        beginning = bytes(data[head.start : min(head.end, head.start + FINDING_BYTES)])
        return _BEGINNING.match(unmask(beginning, head.mask)) is not None
    if head.end != len(data):
        return False
    plain = Inflater().inflate(unmask(bytes(data[head.start :]), head.mask), len(data) * 64)
    return plain is None or looks_like_sip(plain)


def find_sip(data: bytes | bytearray, begin: int = 0, end: int | None = None) -> int:
    """Return where, between these places, a frame with SIP begins, -1 when nowhere."""
    if not begin and opens_sip(data):
        return 0
    places = _PLAIN_FIRST.finditer(data, begin, len(data) if end is None else end)
    for place in islice(places, _MAX_PLACES):
        if opens_sip(data, place.start()):
            return place.start()
    return -1
