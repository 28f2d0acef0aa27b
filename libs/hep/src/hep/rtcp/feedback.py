"""What feedback messages ask for (RFC 4585 section 6, RFC 5104 section 4, and usual drafts).

A message whose information is none of the forms below, or is cut, keeps it as hexadecimal.
"""

from collections.abc import Callable
from struct import Struct, error
from typing import Any, TypeAlias

from hep.rtcp.packets import PSFB, RTPFB, Feedback

Meaning: TypeAlias = dict[str, Any]

_NACK = Struct("!HH")
_SSRC_AND_WORD = Struct("!II")
_FIR = Struct("!IBxxx")
_WORD = Struct("!I")
_TRANSPORT_WIDE = Struct("!HHI")


def meaning_of(packet: Feedback) -> Meaning:
    """A message by its names: type, format, name where known, both SSRC and what it says."""
    said: Meaning = {
        "type": packet.type,
        "format": packet.format,
        "sender_ssrc": packet.sender_ssrc,
        "media_ssrc": packet.media_ssrc,
    }
    name, read = _FORMATS.get((packet.type, packet.format), ("", _unread))
    if name == "afb" and packet.information[:4] == b"REMB":
        name, read = "remb", _estimate
    if name:
        said["name"] = name
    try:
        return said | read(packet.information)
    except (error, IndexError):
        return said | _unread(packet.information)


def _unread(information: bytes) -> Meaning:
    return {"information": information.hex()} if information else {}


def _lost(information: bytes) -> Meaning:
    """Generic NACK (RFC 4585 section 6.2.1): a sequence number and a mask of the next sixteen."""
    lost: list[int] = []
    for first, mask in _NACK.iter_unpack(information):
        lost.append(first)
        lost.extend((first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return {"lost_sequences": lost}


def _bitrates(information: bytes) -> Meaning:
    """TMMBR and TMMBN (RFC 5104 sections 4.2.1 and 4.2.2)."""
    return {
        "bitrates": [
            {
                "ssrc": ssrc,
                "bits_per_second": (word >> 9 & 0x1FFFF) << (word >> 26),
                "overhead": word & 0x1FF,
            }
            for ssrc, word in _SSRC_AND_WORD.iter_unpack(information)
        ]
    }


def _intra_requests(information: bytes) -> Meaning:
    """Full intra request (RFC 5104 section 4.3.1)."""
    return {
        "requests": [
            {"ssrc": ssrc, "sequence": number} for ssrc, number in _FIR.iter_unpack(information)
        ]
    }


def _lost_slices(information: bytes) -> Meaning:
    """Slice loss indication (RFC 4585 section 6.3.2)."""
    return {
        "slices": [
            {"first": word >> 19, "number": word >> 6 & 0x1FFF, "picture": word & 0x3F}
            for (word,) in _WORD.iter_unpack(information)
        ]
    }


def _estimate(information: bytes) -> Meaning:
    """Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 section 2.2)."""
    word = int.from_bytes(information[5:8], "big")
    ssrcs = [ssrc for (ssrc,) in _WORD.iter_unpack(information[8:])]
    if len(information) < 8 or information[4] != len(ssrcs):
        raise IndexError
    return {"bits_per_second": (word & 0x3FFFF) << (word >> 18), "ssrcs": ssrcs}


def _transport_wide(information: bytes) -> Meaning:
    """Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-01 section 3.1)."""
    base, count, rest = _TRANSPORT_WIDE.unpack_from(information)
    return {
        "base_sequence": base,
        "packet_status_count": count,
        "reference_time": rest >> 8,
        "feedback_count": rest & 0xFF,
    }


_FORMATS: dict[tuple[int, int], tuple[str, Callable[[bytes], Meaning]]] = {
    (RTPFB, 1): ("nack", _lost),
    (RTPFB, 3): ("tmmbr", _bitrates),
    (RTPFB, 4): ("tmmbn", _bitrates),
    (RTPFB, 15): ("transport_cc", _transport_wide),
    (PSFB, 1): ("pli", _unread),
    (PSFB, 2): ("sli", _lost_slices),
    (PSFB, 3): ("rpsi", _unread),
    (PSFB, 4): ("fir", _intra_requests),
    (PSFB, 15): ("afb", _unread),
}
"""Name and reader of the information by packet type and format."""
