"""RTP headers (RFC 3550 section 5.1), and telling RTP from RTCP on one port (RFC 5761).

Twelve bytes: version and flags u8, marker and payload type u8, sequence u16, timestamp u32 in
clock units, SSRC u32; then CSRC u32 each, an extension (RFC 3550 section 5.3.1), the payload, and
padding whose last byte counts it. All big-endian.
"""

from struct import Struct, error
from typing import NamedTuple

from hep.errors import EncodeError
from hep.errors import Reason as EncodeReason
from hep.media.errors import MediaError, Reason

_FIXED = Struct("!BBHII")
_EXTENSION = Struct("!HH")
_WORD = 4
_VERSION_2 = 0x80
_VERSION_MASK = 0xC0
_PADDING, _HAS_EXTENSION, _CSRC_COUNT = 0x20, 0x10, 0x0F
_MARKER = 0x80
# RFC 5761 section 4: payload types 64 to 95 are not used by RTP, so that with the marker bit
# they are RTCP's 192 to 223.
_RTCP_TYPES = range(192, 224)


class RtpHeader(NamedTuple):
    """A header as read; the payload is data[payload_start:payload_end].

    extension_profile is None without an extension; extension is its words without their head.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    csrcs: tuple[int, ...] = ()
    extension_profile: int | None = None
    extension: bytes = b""
    payload_start: int = _FIXED.size
    payload_end: int = _FIXED.size


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram of version 2 is RTCP by its second byte (RFC 5761 section 4)."""
    return len(data) > 1 and data[0] & _VERSION_MASK == _VERSION_2 and data[1] in _RTCP_TYPES


def is_rtp(data: bytes) -> bool:
    """Whether a datagram may be RTP: version 2, a whole fixed header, and not RTCP."""
    return (
        len(data) >= _FIXED.size
        and data[0] & _VERSION_MASK == _VERSION_2
        and data[1] not in _RTCP_TYPES
    )


def decode(data: bytes) -> RtpHeader:
    """The header of one RTP packet.

    Raises MediaError: EMPTY, TRUNCATED, BAD_VERSION, NOT_RTP, BAD_LENGTH (extension), BAD_PADDING.
    """
    if not data:
        raise MediaError(Reason.EMPTY, 0)
    if data[0] & _VERSION_MASK != _VERSION_2:
        raise MediaError(Reason.BAD_VERSION, 0)
    if len(data) < _FIXED.size:
        raise MediaError(Reason.TRUNCATED, len(data))
    flags, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if second in _RTCP_TYPES:
        raise MediaError(Reason.NOT_RTP, 1)
    at = _FIXED.size + _WORD * (flags & _CSRC_COUNT)
    if at > len(data):
        raise MediaError(Reason.TRUNCATED, len(data))
    csrcs = tuple(
        int.from_bytes(data[start : start + _WORD], "big")
        for start in range(_FIXED.size, at, _WORD)
    )
    profile, extension = None, b""
    if flags & _HAS_EXTENSION:
        profile, extension = _read_extension(data, at)
        at += _EXTENSION.size + len(extension)
    end = len(data)
    if flags & _PADDING:
        padding = data[-1]
        if not 0 < padding <= end - at:
            raise MediaError(Reason.BAD_PADDING, end - 1)
        end -= padding
    return RtpHeader(
        second & ~_MARKER,
        bool(second & _MARKER),
        sequence,
        timestamp,
        ssrc,
        csrcs,
        profile,
        extension,
        at,
        end,
    )


def _read_extension(data: bytes, at: int) -> tuple[int, bytes]:
    if at + _EXTENSION.size > len(data):
        raise MediaError(Reason.TRUNCATED, len(data))
    profile, words = _EXTENSION.unpack_from(data, at)
    start = at + _EXTENSION.size
    if start + _WORD * words > len(data):
        raise MediaError(Reason.BAD_LENGTH, at + 2)
    return profile, data[start : start + _WORD * words]


def encode(header: RtpHeader, payload: bytes) -> bytes:
    """A packet of this header and payload, without padding; payload_start and _end are not used.

    Raises EncodeError BAD_VALUE for a field that does not fit.
    """
    flags = _VERSION_2 | len(header.csrcs)
    tail = b""
    try:
        if len(header.csrcs) > _CSRC_COUNT or not 0 <= header.payload_type < _MARKER:
            raise EncodeError(EncodeReason.BAD_VALUE, "rtp")
        tail = b"".join(csrc.to_bytes(_WORD, "big") for csrc in header.csrcs)
        if header.extension_profile is not None:
            flags |= _HAS_EXTENSION
            words, odd = divmod(len(header.extension), _WORD)
            if odd:
                raise EncodeError(EncodeReason.BAD_VALUE, "extension")
            tail += _EXTENSION.pack(header.extension_profile, words) + header.extension
        second = header.payload_type | (_MARKER if header.marker else 0)
        if second in _RTCP_TYPES:
            raise EncodeError(EncodeReason.BAD_VALUE, "payload_type")
        head = _FIXED.pack(flags, second, header.sequence, header.timestamp, header.ssrc)
    except (error, OverflowError) as refused:
        raise EncodeError(EncodeReason.BAD_VALUE, "rtp") from refused
    return head + tail + payload
