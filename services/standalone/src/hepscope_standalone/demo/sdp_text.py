"""SDP as text (RFC 4566 5): what is offered and answered, with codecs as phones name them."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Codec:
    """A format of a media line: its RTP payload type, encoding and parameters."""

    number: int
    encoding: str
    parameters: str = ""

    @property
    def clock_hz(self) -> int:
        """Units of RTP timestamps in a second."""
        return int(self.encoding.split("/")[1])


PCMU = Codec(0, "PCMU/8000")
PCMA = Codec(8, "PCMA/8000")
G722 = Codec(9, "G722/8000")
G729 = Codec(18, "G729/8000", "annexb=no")
OPUS = Codec(107, "opus/48000/2", "useinbandfec=1")
DTMF = Codec(101, "telephone-event/8000", "0-16")
H264 = Codec(99, "H264/90000", "profile-level-id=42e01f;packetization-mode=1")
VP8 = Codec(100, "VP8/90000")

DESK_PHONE = (G722, PCMA, PCMU, G729, DTMF)
SOFT_PHONE = (OPUS, G722, PCMA, DTMF)
TRUNK = (PCMA, DTMF)
TRUNK_US = (PCMU, G729, DTMF)


@dataclass(frozen=True, slots=True)
class Stream:
    """A media line; ``codecs`` are empty for T.38, whose format has no number."""

    kind: str
    port: int
    codecs: Sequence[Codec] = ()
    direction: str = "sendrecv"
    profile: str = "RTP/AVP"
    attributes: Sequence[str] = field(default=())


T38_ATTRIBUTES = (
    "T38FaxVersion:0",
    "T38MaxBitRate:14400",
    "T38FaxRateManagement:transferredTCF",
    "T38FaxUdpEC:t38UDPRedundancy",
)


def fax(port: int) -> Stream:
    """Return the line of a fax over UDP (ITU-T T.38 annex D)."""
    return Stream("image", port, direction="", profile="udptl", attributes=T38_ATTRIBUTES)


def sdp(address: str, streams: Sequence[Stream], *, session: int, version: int = 1) -> str:
    """Return a description of streams at an address."""
    family = "IP6" if ":" in address else "IP4"
    lines = [
        "v=0",
        f"o=- {session} {version} IN {family} {address}",
        "s=-",
        f"c=IN {family} {address}",
        "t=0 0",
    ]
    for stream in streams:
        lines += _stream(stream)
    return "".join([f"{line}\r\n" for line in lines])


def _stream(stream: Stream) -> list[str]:
    formats = " ".join([str(codec.number) for codec in stream.codecs]) or "t38"
    lines = [f"m={stream.kind} {stream.port} {stream.profile} {formats}"]
    for codec in stream.codecs:
        lines.append(f"a=rtpmap:{codec.number} {codec.encoding}")
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.number} {codec.parameters}")
    if stream.kind == "audio":
        lines.append("a=ptime:20")
    lines += [f"a={attribute}" for attribute in stream.attributes]
    if stream.direction:
        lines.append(f"a={stream.direction}")
    return lines
