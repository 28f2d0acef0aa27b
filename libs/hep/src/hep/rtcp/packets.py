"""RTCP packets as values (RFC 3550 section 6, RFC 4585 section 6, RFC 3611 section 2).

Integers are as on the wire, packets_lost signed. Times are NTP: `hep.rtcp.clock` reads them. What
has no value of its own here is an UnknownPacket, so that nothing of a compound is lost.
"""

from typing import NamedTuple, TypeAlias

from hep.rtcp.blocks import XrBlock

SR, RR, SDES, BYE, APP, RTPFB, PSFB, XR = range(200, 208)


class ReportBlock(NamedTuple):
    """What the packet's sender received of one stream (RFC 3550 section 6.4.1)."""

    ssrc: int
    """Of the stream that the block is about."""
    fraction_lost: int = 0
    """Share lost since the previous report, in 1/256."""
    packets_lost: int = 0
    """Lost since the stream began, signed 24 bits: duplicates make it negative."""
    highest_sequence: int = 0
    """Cycles in the upper 16 bits, the highest sequence number received in the lower."""
    jitter: int = 0
    """Interarrival jitter in timestamp units."""
    lsr: int = 0
    """Middle 32 bits of the NTP timestamp of the last SR; 0: none was received."""
    dlsr: int = 0
    """Delay since that SR, in 1/65536 s."""


class SenderReport(NamedTuple):
    """What the packet's sender sent, and received (RFC 3550 section 6.4.1)."""

    ssrc: int
    ntp: int = 0
    """Wall clock, 64 bits: seconds since 1900 and fraction."""
    rtp_timestamp: int = 0
    packets: int = 0
    octets: int = 0
    """Payload octets, without headers and padding."""
    blocks: tuple[ReportBlock, ...] = ()
    extension: bytes = b""
    """What a profile puts behind the blocks."""


class ReceiverReport(NamedTuple):
    """What the packet's sender received (RFC 3550 section 6.4.2)."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()
    extension: bytes = b""


class SdesItem(NamedTuple):
    """One description: type 1 CNAME, 2 NAME, 3 EMAIL, 4 PHONE, 5 LOC, 6 TOOL, 7 NOTE, 8 PRIV."""

    type: int
    text: bytes


class SdesChunk(NamedTuple):
    """The descriptions of one source."""

    ssrc: int
    items: tuple[SdesItem, ...] = ()


class SourceDescription(NamedTuple):
    """SDES (RFC 3550 section 6.5)."""

    chunks: tuple[SdesChunk, ...] = ()


class Bye(NamedTuple):
    """Sources that leave (RFC 3550 section 6.6)."""

    ssrcs: tuple[int, ...] = ()
    reason: bytes = b""


class App(NamedTuple):
    """An application's own packet (RFC 3550 section 6.7); name is four ASCII letters."""

    subtype: int
    ssrc: int
    name: bytes
    data: bytes = b""


class Feedback(NamedTuple):
    """The head of a feedback message (RFC 4585 section 6.1); what is fed back stays bytes.

    type is RTPFB (205) or PSFB (206); format tells which message of that type.
    """

    type: int
    format: int
    sender_ssrc: int
    media_ssrc: int
    information: bytes = b""


class ExtendedReport(NamedTuple):
    """XR (RFC 3611 section 2)."""

    ssrc: int
    blocks: tuple[XrBlock, ...] = ()


class UnknownPacket(NamedTuple):
    """A packet of another type, or whose body is not what its type wants."""

    type: int
    low_bits: int
    """The five bits behind version and padding: a count in most types."""
    body: bytes = b""
    """All behind the first four bytes, padding removed."""


Packet: TypeAlias = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Bye
    | App
    | Feedback
    | ExtendedReport
    | UnknownPacket
)
