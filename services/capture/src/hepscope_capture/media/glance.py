"""A SIP message looked at once: whether it is a usual one, and whether it may concern media.

Says what ``is_usual_sip`` and ``may_concern_media`` say, at half the price of asking both.
"""

from enum import IntEnum

from hepscope_capture.media.signalling import WITHOUT_BODY, names_invite
from hepscope_capture.sip_start import begins_as_request


class Look(IntEnum):
    """What was seen; false for what is odd."""

    ODD = 0
    USUAL = 1
    MEDIA = 2
    """Usual, and worth to be read for what it tells of media."""


_ODD, _USUAL, _MEDIA = int(Look.ODD), int(Look.USUAL), int(Look.MEDIA)

# How responses begin, and whether they are final.
_RESPONSES = {f"SIP/2.0 {code} ".encode(): code >= 200 for code in range(100, 700)}


def glance(payload: bytes) -> int:
    """Return a Look, as its number."""
    is_final = _RESPONSES.get(payload[:12])
    if is_final is None:
        if not begins_as_request(payload):
            return _ODD
        if payload.startswith(b"BYE "):
            return _MEDIA
    elif is_final and names_invite(payload):
        return _MEDIA
    # From behind, since that is where a description is.
    if payload.endswith(WITHOUT_BODY) or payload.rfind(b"\nm=") < 0:
        return _USUAL
    return _MEDIA
