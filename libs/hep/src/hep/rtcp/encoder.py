"""Writing RTCP compounds: the inverse of `hep.rtcp.decoder`, without padding."""

from struct import Struct, error

from hep.errors import EncodeError, Reason
from hep.rtcp.blocks import write_block
from hep.rtcp.packets import (
    APP,
    BYE,
    RR,
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
    SenderReport,
    SourceDescription,
    UnknownPacket,
)

_HEADER = Struct("!BBH")
_SENDER = Struct("!IQIII")
_BLOCK = Struct("!IIIIII")
_SSRC = Struct("!I")
_TWO_SSRC = Struct("!II")
_MAX_COUNT = 31
_LOST_RANGE = range(-0x800000, 0x800000)


def encode(*packets: Packet) -> bytes:
    """The packets as one compound. Raises EncodeError BAD_VALUE naming the packet's class."""
    return b"".join(_write(packet) for packet in packets)


def _write(packet: Packet) -> bytes:
    try:
        kind, count, body = _parts(packet)
        if count > _MAX_COUNT or len(body) % 4:
            raise EncodeError(Reason.BAD_VALUE, type(packet).__name__)
        return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body
    except (error, ValueError) as refused:
        raise EncodeError(Reason.BAD_VALUE, type(packet).__name__) from refused


def _parts(packet: Packet) -> tuple[int, int, bytes]:
    match packet:
        case SenderReport():
            body = _SENDER.pack(*packet[:5]) + _blocks(packet.blocks) + packet.extension
            return SR, len(packet.blocks), body
        case ReceiverReport():
            body = _SSRC.pack(packet.ssrc) + _blocks(packet.blocks) + packet.extension
            return RR, len(packet.blocks), body
        case SourceDescription():
            return SDES, len(packet.chunks), b"".join(_chunk(chunk) for chunk in packet.chunks)
        case Bye():
            body = b"".join(_SSRC.pack(ssrc) for ssrc in packet.ssrcs)
            if packet.reason:
                body += bytes([len(packet.reason)]) + packet.reason
            return BYE, len(packet.ssrcs), body + bytes(-len(body) % 4)
        case App():
            name = packet.name.ljust(4)[:4]
            return APP, packet.subtype, _SSRC.pack(packet.ssrc) + name + packet.data
        case Feedback():
            head = _TWO_SSRC.pack(packet.sender_ssrc, packet.media_ssrc)
            return packet.type, packet.format, head + packet.information
        case ExtendedReport():
            blocks = b"".join(write_block(block) for block in packet.blocks)
            return XR, 0, _SSRC.pack(packet.ssrc) + blocks
        case UnknownPacket():
            return packet.type, packet.low_bits, packet.body


def _blocks(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(_block(block) for block in blocks)


def _block(block: ReportBlock) -> bytes:
    if block.packets_lost not in _LOST_RANGE or not 0 <= block.fraction_lost <= 0xFF:
        raise ValueError("a loss beyond its bits")
    lost = block.fraction_lost << 24 | block.packets_lost & 0xFFFFFF
    return _BLOCK.pack(block.ssrc, lost, *block[3:])


def _chunk(chunk: SdesChunk) -> bytes:
    items = b"".join(bytes([item.type, len(item.text)]) + item.text for item in chunk.items)
    # At least one zero ends the list.
    return _SSRC.pack(chunk.ssrc) + items + bytes(4 - len(items) % 4)
