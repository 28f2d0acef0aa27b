"""Telling RTCP from what else runs over UDP: RTP, also on one port (RFC 5761), STUN, DTLS, DNS.

Only the first packet of a compound is looked at, since behind its first eight bytes SRTCP is
cipher text. Its length must fit the datagram and hold what its type and count promise.
"""

from hep.rtcp import decode_sound

_LOWEST, _HIGHEST = 192, 223
_VERSION_2, _VERSION_MASK, _COUNT_MASK = 0x80, 0xC0, 0x1F
_SMALLEST_BYTES = 4

# Words behind the head, and as many again for each that the head counts (RFC 3550 section 6,
# RFC 4585 section 6.1, RFC 3611 section 2).
_SIZES = {
    200: (6, 6),  # SR
    201: (1, 6),  # RR
    202: (0, 2),  # SDES: an SSRC and at least its end of items
    203: (0, 1),  # BYE
    204: (2, 0),  # APP
    205: (2, 0),  # RTPFB
    206: (2, 0),  # PSFB
    207: (1, 0),  # XR
}


def looks_like_rtcp(payload: bytes) -> bool:
    """Tell whether a datagram begins like RTCP or SRTCP."""
    if len(payload) < _SMALLEST_BYTES or payload[0] & _VERSION_MASK != _VERSION_2:
        return False
    kind = payload[1]
    if not _LOWEST <= kind <= _HIGHEST:
        return False
    words = payload[2] << 8 | payload[3]
    if 4 + 4 * words > len(payload):
        return False
    size = _SIZES.get(kind)
    if size is None:
        # Hardly ever first in a compound, so that all of it has to be sound.
        return decode_sound(payload).refusal is None
    fixed, each = size
    return words >= fixed + each * (payload[0] & _COUNT_MASK)
