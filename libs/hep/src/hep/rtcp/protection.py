"""RTCP or SRTCP (RFC 3711 section 3.4): told by the bytes alone, for who has no keys.

SRTCP leaves the first eight bytes clear: the head of the first packet and its sender's SSRC. The
rest is cipher text; behind it come the flag E with an index of 31 bits, perhaps a key identifier,
and the authentication tag of ten bytes (RFC 3711), or, with AES-GCM (RFC 7714 section 9), a tag of
16 bytes inside the cipher text and the flag last. With E = 0 the packets themselves are clear.
"""

from enum import StrEnum
from struct import Struct
from typing import NamedTuple

from hep.media.errors import MediaError, Reason
from hep.rtcp.decoder import SoundPart, decode_sound
from hep.rtcp.packets import Packet

CLEAR_BYTES = 8
_WORD = Struct("!I")
_FLAG_BYTES = 4
_ENCRYPTED = 0x80000000
# Bytes behind the flag: HMAC-SHA1 of 80 and of 32 bits, AES-GCM.
_TAGS = (10, 4, 0)
# Behind clear packets the tag of AES-GCM comes before the flag.
_CLEAR_TRAILERS = ((14, 10), (8, 4), (20, 0))
_ENDS = (Reason.BAD_LENGTH, Reason.TRUNCATED)
# The index counts the sender's packets from 0 or 1: a greater one is no index but noise.
_LIKELY_INDEXES = range(1 << 24)


class Form(StrEnum):
    """What a datagram that begins like RTCP is."""

    PLAIN = "plain"
    """Sound to its last byte."""
    AUTHENTICATED = "authenticated"
    """SRTCP that is not encrypted (E = 0)."""
    ENCRYPTED = "encrypted"
    """SRTCP; only the sender's SSRC and the first packet's type can be read."""
    DAMAGED = "damaged"
    """Not sound, and nothing says SRTCP: cut, something behind it, or no RTCP at all."""


class Reading(NamedTuple):
    """A datagram as read; packets are those that are clear and sound."""

    form: Form
    packets: tuple[Packet, ...]
    refusal: MediaError | None = None
    """Of DAMAGED: why."""


def read(data: bytes, *, is_secure: bool = False, is_cut: bool = False) -> Reading:
    """Read one datagram; never raises.

    is_secure: its session was offered as SRTP, so that what is not sound is SRTCP. is_cut: the
    capture lacks its end, so that no trailer can be looked for.
    """
    found = decode_sound(data)
    if found.refusal is None:
        return Reading(Form.PLAIN, found.packets)
    if len(data) > CLEAR_BYTES + _FLAG_BYTES:
        if not is_cut and _has_clear_trailer(data, found):
            return Reading(Form.AUTHENTICATED, found.packets)
        if is_secure or (not is_cut and any(_is_flag(data, tag) for tag in _TAGS)):
            return Reading(Form.ENCRYPTED, ())
    packets = found.packets if _is_believable(found, is_cut=is_cut) else ()
    return Reading(Form.DAMAGED, packets, found.refusal)


def _is_believable(found: SoundPart, *, is_cut: bool) -> bool:
    """Whether the sound packets are clear text: what follows the first is RTCP, too.

    Cipher text behind a clear head would pass for one packet, hardly ever for two.
    """
    is_end = found.refusal is not None and found.refusal.reason in _ENDS
    return len(found.packets) > 1 or (is_cut and is_end)


def _has_clear_trailer(data: bytes, found: SoundPart) -> bool:
    rest = len(data) - found.end
    return bool(found.packets) and any(
        rest == trailer and _flag(data, tag) in _LIKELY_INDEXES for trailer, tag in _CLEAR_TRAILERS
    )


def _is_flag(data: bytes, tag: int) -> bool:
    if len(data) < CLEAR_BYTES + _FLAG_BYTES + tag:
        return False
    flag = _flag(data, tag)
    return bool(flag & _ENCRYPTED) and flag & ~_ENCRYPTED in _LIKELY_INDEXES


def _flag(data: bytes, tag: int) -> int:
    """The word with E and the index, in front of a tag of so many bytes."""
    word: int = _WORD.unpack_from(data, len(data) - tag - _FLAG_BYTES)[0]
    return word
