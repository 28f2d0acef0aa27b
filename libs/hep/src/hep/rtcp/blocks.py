"""The report blocks of RTCP XR (RFC 3611 section 4), read and written.

Each is type u8, a byte of its own use u8, length u16 in words without the first, then its values.
A block of another type, or of a length that its type cannot have, is kept as UnknownBlock.
"""

from struct import Struct
from typing import NamedTuple, TypeAlias

LOSS_RLE, DUPLICATE_RLE, RECEIPT_TIMES, REFERENCE_TIME, DLRR, STATISTICS, VOIP_METRICS = range(1, 8)
HEAD = Struct("!BBH")
UNAVAILABLE = 127

_RANGE = Struct("!IHH")
_NTP = Struct("!Q")
_SUB_BLOCK = Struct("!III")
_STATISTICS = Struct("!IHHIIIIIIBBBB")
_VOIP = Struct("!IBBBBHHHHbbBBBBBBBxHHH")


class RunLengths(NamedTuple):
    """Loss RLE (type 1, section 4.1) and Duplicate RLE (type 2): traces in 16-bit chunks."""

    type: int
    thinning: int
    ssrc: int
    begin: int
    """First sequence number that the block is about."""
    end: int
    """One past the last."""
    chunks: tuple[int, ...] = ()


class ReceiptTimes(NamedTuple):
    """Packet receipt times (type 3, section 4.3), in timestamp units."""

    thinning: int
    ssrc: int
    begin: int
    end: int
    times: tuple[int, ...] = ()


class ReferenceTime(NamedTuple):
    """Receiver reference time (type 4, section 4.4): 64 bits of NTP."""

    ntp: int


class DlrrItem(NamedTuple):
    """Delay since the last receiver reference time of one receiver (section 4.5)."""

    ssrc: int
    lrr: int
    """Middle 32 bits of that reference time; 0: none was received."""
    dlrr: int
    """In 1/65536 s."""


class Dlrr(NamedTuple):
    """DLRR (type 5, section 4.5)."""

    items: tuple[DlrrItem, ...] = ()


class Statistics(NamedTuple):
    """Statistics summary (type 6, section 4.6); flags tell which of the values count.

    Flags: 0x80 losses, 0x40 duplicates, 0x20 jitter, 0x18 TTL (1) or hop limit (2).
    """

    flags: int
    ssrc: int
    begin: int
    end: int
    lost: int = 0
    duplicates: int = 0
    min_jitter: int = 0
    """Jitters in timestamp units."""
    max_jitter: int = 0
    mean_jitter: int = 0
    jitter_deviation: int = 0
    min_ttl: int = 0
    max_ttl: int = 0
    mean_ttl: int = 0
    ttl_deviation: int = 0


class VoipMetrics(NamedTuple):
    """VoIP metrics (type 7, section 4.7). UNAVAILABLE (127) stands for what is not known."""

    ssrc: int
    loss_rate: int = 0
    """Shares in 1/256, since the beginning of reception."""
    discard_rate: int = 0
    burst_density: int = 0
    gap_density: int = 0
    burst_duration: int = 0
    """Durations and delays in ms."""
    gap_duration: int = 0
    round_trip_delay: int = 0
    end_system_delay: int = 0
    signal_level: int = UNAVAILABLE
    """dBm0, signed."""
    noise_level: int = UNAVAILABLE
    rerl: int = UNAVAILABLE
    """Residual echo return loss in dB."""
    gmin: int = 16
    r_factor: int = UNAVAILABLE
    external_r_factor: int = UNAVAILABLE
    mos_lq: int = UNAVAILABLE
    """In tenths; MOS-LQ comes first on the wire, whatever some agents read there."""
    mos_cq: int = UNAVAILABLE
    rx_config: int = 0
    """PLC 0xC0, jitter buffer kind 0x30, its rate 0x0F."""
    jb_nominal: int = 0
    jb_maximum: int = 0
    jb_abs_max: int = 0


class UnknownBlock(NamedTuple):
    """A block that is none of the above; value is all behind its head."""

    type: int
    specific: int
    value: bytes = b""


XrBlock: TypeAlias = (
    RunLengths | ReceiptTimes | ReferenceTime | Dlrr | Statistics | VoipMetrics | UnknownBlock
)


def read_block(kind: int, specific: int, value: bytes) -> XrBlock:
    """The block of this head and value; never raises."""
    size = len(value)
    if kind in (LOSS_RLE, DUPLICATE_RLE) and size >= _RANGE.size:
        chunks = Struct(f"!{(size - _RANGE.size) // 2}H").unpack_from(value, _RANGE.size)
        ssrc, begin, end = _RANGE.unpack_from(value)
        return RunLengths(kind, specific & 0x0F, ssrc, begin, end, chunks)
    if kind == RECEIPT_TIMES and size >= _RANGE.size:
        times = Struct(f"!{(size - _RANGE.size) // 4}I").unpack_from(value, _RANGE.size)
        ssrc, begin, end = _RANGE.unpack_from(value)
        return ReceiptTimes(specific & 0x0F, ssrc, begin, end, times)
    if kind == REFERENCE_TIME and size == _NTP.size:
        return ReferenceTime(*_NTP.unpack(value))
    if kind == DLRR and size % _SUB_BLOCK.size == 0:
        return Dlrr(tuple(DlrrItem(*item) for item in _SUB_BLOCK.iter_unpack(value)))
    if kind == STATISTICS and size == _STATISTICS.size:
        return Statistics(specific & 0xF8, *_STATISTICS.unpack(value))
    if kind == VOIP_METRICS and size == _VOIP.size:
        return VoipMetrics(*_VOIP.unpack(value))
    return UnknownBlock(kind, specific, value)


def write_block(block: XrBlock) -> bytes:
    """A block as on the wire. Raises struct.error for a value that does not fit."""
    kind, specific, value = _parts(block)
    # An odd number of run length chunks is filled up with a null chunk (section 4.1).
    value += bytes(-len(value) % 4)
    return HEAD.pack(kind, specific, len(value) // 4) + value


def _parts(block: XrBlock) -> tuple[int, int, bytes]:
    match block:
        case RunLengths():
            chunks = Struct(f"!{len(block.chunks)}H").pack(*block.chunks)
            return block.type, block.thinning, _RANGE.pack(*block[2:5]) + chunks
        case ReceiptTimes():
            times = Struct(f"!{len(block.times)}I").pack(*block.times)
            return RECEIPT_TIMES, block.thinning, _RANGE.pack(*block[1:4]) + times
        case ReferenceTime():
            return REFERENCE_TIME, 0, _NTP.pack(block.ntp)
        case Dlrr():
            return DLRR, 0, b"".join(_SUB_BLOCK.pack(*item) for item in block.items)
        case Statistics():
            return STATISTICS, block.flags, _STATISTICS.pack(*block[1:])
        case VoipMetrics():
            return VOIP_METRICS, 0, _VOIP.pack(*block)
        case UnknownBlock():
            return block.type, block.specific, block.value
