"""Session descriptions (SDP, RFC 8866): a parser that never refuses, and its values."""

from hep.sdp.description import Direction, Media, Origin, RtcpAddress, Sdp, SdpFault
from hep.sdp.parser import parse
from hep.sdp.payload_types import STATIC_PAYLOAD_TYPES, Codec

__all__ = [
    "STATIC_PAYLOAD_TYPES",
    "Codec",
    "Direction",
    "Media",
    "Origin",
    "RtcpAddress",
    "Sdp",
    "SdpFault",
    "parse",
]
