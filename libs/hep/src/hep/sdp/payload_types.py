"""RTP payload types that need no rtpmap (RFC 3551 tables 4 and 5).

Type 2, once G721, is reserved and always comes with an rtpmap of its own; 72 to 76 cannot be used
because they look like RTCP.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoding: name as sent, RTP clock in Hz (0: not said), audio channels, fmtp text."""

    name: str
    clock_hz: int
    channels: int = 1
    parameters: str = ""


STATIC_PAYLOAD_TYPES = {
    0: Codec("PCMU", 8000),
    3: Codec("GSM", 8000),
    4: Codec("G723", 8000),
    5: Codec("DVI4", 8000),
    6: Codec("DVI4", 16000),
    7: Codec("LPC", 8000),
    8: Codec("PCMA", 8000),
    # The clock of G.722 is half its sampling rate, an error that RFC 3551 section 4.5.2 keeps.
    9: Codec("G722", 8000),
    10: Codec("L16", 44100, 2),
    11: Codec("L16", 44100),
    12: Codec("QCELP", 8000),
    13: Codec("CN", 8000),
    14: Codec("MPA", 90000),
    15: Codec("G728", 8000),
    16: Codec("DVI4", 11025),
    17: Codec("DVI4", 22050),
    18: Codec("G729", 8000),
    25: Codec("CelB", 90000),
    26: Codec("JPEG", 90000),
    28: Codec("nv", 90000),
    31: Codec("H261", 90000),
    32: Codec("MPV", 90000),
    33: Codec("MP2T", 90000),
    34: Codec("H263", 90000),
}
