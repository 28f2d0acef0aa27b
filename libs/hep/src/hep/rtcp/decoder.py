"""Reading RTCP compounds (RFC 3550 section 6.1, reduced size of RFC 5506 too).

The frame is strict, as RFC 3550 appendix A.2 advises: version, type and length of every packet
must fit to the last byte, else the whole is refused. That is what keeps SRTCP out, whose first
eight bytes are clear and the rest cipher text. Inside a sound frame a body that its type cannot
have is kept as UnknownPacket, but for SR and RR, whose numbers would be wrong.
"""

from struct import Struct
from typing import NamedTuple

from hep.media.errors import MediaError, Reason
from hep.rtcp.blocks import HEAD, XrBlock, read_block
from hep.rtcp.packets import (
    APP,
    BYE,
    PSFB,
    RR,
    RTPFB,
    SDES,
    SR,
    XR,
    App,
    Bye,
    ExtendedReport,
    Feedback,
    Packet,
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    UnknownPacket,
)

# A compound has two to five packets; this bounds what hostile bytes make of one datagram.
MAX_PACKETS = 64

_HEADER = Struct("!BBH")
_SENDER = Struct("!IQIII")
_BLOCK = Struct("!IIIIII")
_SSRC = Struct("!I")
_TWO_SSRC = Struct("!II")
_RTCP_TYPES = range(192, 224)


def decode(data: bytes) -> tuple[Packet, ...]:
    """The packets of one compound, in order.

    Raises MediaError: EMPTY, TRUNCATED, BAD_VERSION, NOT_RTCP, BAD_LENGTH, BAD_PADDING, TOO_MANY.
    """
    found = decode_sound(data)
    if found.refusal is not None:
        raise found.refusal
    return found.packets


class SoundPart(NamedTuple):
    """The beginning of a compound, as far as it is sound."""

    packets: tuple[Packet, ...]
    end: int
    """Offset behind the last of them."""
    refusal: MediaError | None
    """Why the rest is none of it; None when all is sound."""


def decode_sound(data: bytes) -> SoundPart:
    """The packets before the first that is not sound; never raises.

    For a compound whose end a capture lacks, and to look at what may be SRTCP.
    """
    packets: list[Packet] = []
    at = 0
    refusal = None if data else MediaError(Reason.EMPTY, 0)
    while at < len(data):
        if len(packets) >= MAX_PACKETS:
            refusal = MediaError(Reason.TOO_MANY, at)
            break
        try:
            packet, at = _packet(data, at)
        except MediaError as error:
            refusal = error
            break
        packets.append(packet)
    return SoundPart(tuple(packets), at, refusal)


def _packet(data: bytes, at: int) -> tuple[Packet, int]:
    """The packet that begins at an offset, and where it ends."""
    if len(data) - at < _HEADER.size:
        raise MediaError(Reason.TRUNCATED, at)
    first, kind, words = _HEADER.unpack_from(data, at)
    if first >> 6 != 2:
        raise MediaError(Reason.BAD_VERSION, at)
    if kind not in _RTCP_TYPES:
        raise MediaError(Reason.NOT_RTCP, at + 1)
    end = at + _HEADER.size + 4 * words
    if end > len(data):
        raise MediaError(Reason.BAD_LENGTH, at + 2)
    body = data[at + _HEADER.size : end]
    if first & 0x20:
        body = _without_padding(body, end)
    return _read(kind, first & 0x1F, body, at), end


def _without_padding(body: bytes, end: int) -> bytes:
    padding = body[-1] if body else 0
    if not padding or padding % 4 or padding > len(body):
        raise MediaError(Reason.BAD_PADDING, end - 1)
    return body[:-padding]


def _read(kind: int, count: int, body: bytes, at: int) -> Packet:
    """A packet; at is where it starts, for the errors of SR and RR."""
    packet: Packet | None = None
    if kind == SR:
        blocks, extension = _blocks(count, body, _SENDER.size, at)
        ssrc, ntp, timestamp, sent, octets = _SENDER.unpack_from(body)
        packet = SenderReport(ssrc, ntp, timestamp, sent, octets, blocks, extension)
    elif kind == RR:
        blocks, extension = _blocks(count, body, _SSRC.size, at)
        (ssrc,) = _SSRC.unpack_from(body)
        packet = ReceiverReport(ssrc, blocks, extension)
    elif kind == SDES:
        packet = _read_sdes(count, body)
    elif kind == BYE:
        packet = _read_bye(count, body)
    elif kind == APP and len(body) >= _TWO_SSRC.size:
        (ssrc,) = _SSRC.unpack_from(body)
        packet = App(count, ssrc, body[4:8], body[8:])
    elif kind in (RTPFB, PSFB) and len(body) >= _TWO_SSRC.size:
        ssrc, media_ssrc = _TWO_SSRC.unpack_from(body)
        packet = Feedback(kind, count, ssrc, media_ssrc, body[8:])
    elif kind == XR:
        packet = _read_xr(body)
    return packet or UnknownPacket(kind, count, body)


def _blocks(count: int, body: bytes, start: int, at: int) -> tuple[tuple[ReportBlock, ...], bytes]:
    end = start + count * _BLOCK.size
    if len(body) < end:
        raise MediaError(Reason.BAD_LENGTH, at + 2)
    blocks = tuple(_block(body, place) for place in range(start, end, _BLOCK.size))
    return blocks, body[end:]


def _block(body: bytes, at: int) -> ReportBlock:
    ssrc, lost, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, at)
    total = lost & 0xFFFFFF
    signed = total - 0x1000000 if total & 0x800000 else total
    return ReportBlock(ssrc, lost >> 24, signed, highest, jitter, lsr, dlsr)


def _read_sdes(count: int, body: bytes) -> SourceDescription | None:
    chunks: list[SdesChunk] = []
    at = 0
    for _ in range(count):
        if len(body) - at < _SSRC.size:
            return None
        (ssrc,) = _SSRC.unpack_from(body, at)
        at += _SSRC.size
        items: list[SdesItem] = []
        while at < len(body) and body[at]:
            if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
                return None
            end = at + 2 + body[at + 1]
            items.append(SdesItem(body[at], body[at + 2 : end]))
            at = end
        # One to four zeros end a chunk at a word's end.
        at = (at // 4 + 1) * 4
        chunks.append(SdesChunk(ssrc, tuple(items)))
    return SourceDescription(tuple(chunks))


def _read_bye(count: int, body: bytes) -> Bye | None:
    end = count * _SSRC.size
    if len(body) < end:
        return None
    ssrcs = tuple(ssrc for (ssrc,) in _SSRC.iter_unpack(body[:end]))
    reason = b""
    if len(body) > end:
        reason = body[end + 1 : end + 1 + body[end]]
        if len(reason) != body[end]:
            return None
    return Bye(ssrcs, reason)


def _read_xr(body: bytes) -> ExtendedReport | None:
    if len(body) < _SSRC.size:
        return None
    blocks: list[XrBlock] = []
    at = _SSRC.size
    while at < len(body):
        kind, specific, words = HEAD.unpack_from(body, at)
        end = at + HEAD.size + 4 * words
        if end > len(body):
            return None
        blocks.append(read_block(kind, specific, body[at + HEAD.size : end]))
        at = end
    (ssrc,) = _SSRC.unpack_from(body)
    return ExtendedReport(ssrc, tuple(blocks))
