"""One datagram of any HEP version, told by its first bytes.

``HEP3`` and ``EEP3``: version 3; 01 and 02: version 1 and 2; 1F 8B: a gzipped frame. Plain SIP
and protobuf (08) reach HEP ports too, by misconfiguration, and are refused by name, so that
the counter tells the operator what to change.
"""

from hep.chunks import (
    ALTERNATIVE_MAGIC,
    AUTH_KEY,
    CHUNK_HEAD_BYTES,
    HEAD_BYTES,
    KEY_AND_LENGTH,
    MAGIC,
    MAX_PACKET_BYTES,
)
from hep.errors import DecodeError, Reason
from hep.hep3 import decode3
from hep.hep12 import decode12
from hep.packet import HepPacket, Quirk
from hep.payload import inflate, is_gzip
from hep.sip import looks_like_sip

_PROTOBUF_START = b"\x08"
_CUT_MAGICS = frozenset(m[:n] for m in (MAGIC, ALTERNATIVE_MAGIC) for n in range(1, len(m)))


def decode(data: bytes, *, received_at_us: int = 0) -> HepPacket:
    """The packet in exactly these bytes, of whatever version.

    received_at_us (0 = not known) becomes the packet's, and tells the byte order of HEP 2
    times. Raises DecodeError and nothing else.
    """
    frame, quirks = unwrap_frame(data)
    packet = decode3(frame) if is_version3(frame) else decode12(frame, received_at_us)
    packet.quirks |= quirks
    packet.received_at_us = received_at_us or packet.received_at_us
    return packet


def is_version3(frame: bytes) -> bool:
    """Whether the frame is HEP3 by its magic, rather than version 1 or 2."""
    return frame[:4] in (MAGIC, ALTERNATIVE_MAGIC)


def unwrap_frame(data: bytes) -> tuple[bytes, int]:
    """The HEP frame in a datagram, gunzipped once where needed, and the quirk of that.

    Raises DecodeError for what no frame of version 1, 2 or 3 starts with.
    """
    quirks = 0
    if is_gzip(data):
        # A frame is one packet, whose length has 16 bits.
        data, quirks = inflate(data, MAX_PACKET_BYTES), int(Quirk.GZIPPED_FRAME)
    if data[:1] in (b"\x01", b"\x02") or is_version3(data):
        return data, quirks
    raise _refusal(data)


def hide_key(data: bytes) -> bytes:
    """The datagram with each auth key overwritten by zeros, fit to be kept or shown.

    A gzipped frame that holds one comes out gunzipped; whatever has none comes out as it is.
    """
    try:
        frame, _ = unwrap_frame(data)
    except DecodeError:
        return data
    if not is_version3(frame):
        return data
    hidden = bytearray(frame)
    at, last_head = HEAD_BYTES, len(frame) - CHUNK_HEAD_BYTES
    while at <= last_head:
        key, length = KEY_AND_LENGTH.unpack_from(frame, at)
        if length < CHUNK_HEAD_BYTES:
            break
        if key == AUTH_KEY:
            value = slice(at + CHUNK_HEAD_BYTES, min(at + length, len(frame)))
            hidden[value] = bytes(value.stop - value.start)
        at += length
    return data if hidden == frame else bytes(hidden)


def _refusal(data: bytes) -> DecodeError:
    if not data:
        return DecodeError(Reason.EMPTY, 0)
    if data in _CUT_MAGICS:
        return DecodeError(Reason.TRUNCATED, len(data))
    if data.startswith(_PROTOBUF_START):
        return DecodeError(Reason.PROTOBUF, 0)
    if looks_like_sip(data.lstrip(b"\r\n")):
        return DecodeError(Reason.RAW_SIP, 0)
    return DecodeError(Reason.NOT_HEP, 0)
