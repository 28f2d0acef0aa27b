"""pcapng: the capture format of Wireshark (draft-ietf-opsawg-pcapng).

Blocks: type u32, total length u32 (a multiple of 4, itself and all heads included), body, the
total length again. A section head sets the byte order of all that follows and forgets the
interfaces of the section before; each interface has a link type and a unit of time of its own.
Frames are in enhanced, simple and (obsolete) packet blocks; all other blocks are stepped over,
however long.

The length at both ends makes damage visible at once, and the next whole block easy to find.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct

from hepscope_capture.files.errors import NOT_YET, Gap, GapKind, NotACaptureError
from hepscope_capture.files.resync import resync
from hepscope_capture.files.window import Window
from hepscope_capture.frame import MAX_FRAME_BYTES, Frame, plausible_time

MAGIC = b"\n\r\r\n"  # the type of a section head, the same in both byte orders

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
# Name resolution, statistics, journal, secrets, custom: what resynchronising trusts besides.
_OTHERS = {4, 5, 9, 10, 0xBAD, 0x40000BAD}

# Type, length, length again.
_FRAME_BYTES = 12
# A block that we read: one frame and generous options. Others may be of any length.
_MAX_BLOCK_BYTES = MAX_FRAME_BYTES + 65_536
# Captures of "every interface" have dozens; beyond this it is not a capture any more.
_MAX_INTERFACES = 65_536

_OPTION_END, _OPTION_TIME_RESOLUTION, _OPTION_TIME_OFFSET = 0, 9, 14


@dataclass(frozen=True, slots=True)
class Interface:
    """What an interface block tells about the frames that name it."""

    link_type: int
    snap_length: int  # 0 = no limit
    units_per_second: int
    offset_seconds: int

    def time_us(self, high: int, low: int) -> int:
        """Return the time of a packet block, microseconds; 0 when it is implausible."""
        units = high << 32 | low
        micros = units if self.units_per_second == 1_000_000 else self._scaled(units)
        return plausible_time(micros + self.offset_seconds * 1_000_000)

    def _scaled(self, units: int) -> int:
        return units * 1_000_000 // self.units_per_second


class _Section:
    """Byte order, interfaces and the latest time of the section that is being read."""

    def __init__(self, order: str) -> None:
        self.head = Struct(order + "II")
        self.length = Struct(order + "I")
        self.enhanced = Struct(order + "IIIII")  # interface, time high, low, captured, wire
        self.old = Struct(order + "HHIIII")  # interface, drops, time high, low, captured, wire
        self.interface = Struct(order + "HHI")  # link type, unused, snap length
        self.option = Struct(order + "HH")
        self.signed = Struct(order + "q")
        self.interfaces: list[Interface] = []
        self.time_us = 0


def is_pcapng(start: bytes) -> bool:
    """Say whether a file that starts with these bytes is a pcapng file."""
    return start[:4] == MAGIC and (len(start) < _FRAME_BYTES or _byte_order(start) is not None)


def read_pcapng(window: Window) -> Iterator[Frame | Gap]:
    """Give the frames and gaps of a pcapng file in order; the window stands at its start.

    A simple packet has no time: it gets that of the packet before it in the section, else 0.
    Raises NotACaptureError when the first block is no section head.
    """
    if not is_pcapng(window.peek(_FRAME_BYTES)):
        raise NotACaptureError("not a pcapng file")
    section = _Section("<")
    while True:
        head = window.peek(_FRAME_BYTES)
        if len(head) < _FRAME_BYTES:
            if window.is_waiting:
                yield NOT_YET
                continue
            if head:
                yield Gap(GapKind.CUT, window.drain())
            return
        if order := _byte_order(head):
            section = _Section(order)
        kind, length = section.head.unpack_from(head)
        if kind not in _READERS and length > _MAX_BLOCK_BYTES and _is_sound(length):
            skipped = window.skip(length)
            while skipped < length and window.is_waiting:
                yield NOT_YET
                skipped += window.skip(length - skipped)
            if skipped < length:
                yield Gap(GapKind.CUT, skipped)
                return
            continue
        block = window.peek(length) if _is_sound(length) and length <= _MAX_BLOCK_BYTES else b""
        if 0 < len(block) < length:
            if window.is_waiting:
                yield NOT_YET
                continue
            yield Gap(GapKind.CUT, window.drain())
            return
        if not block or section.length.unpack_from(block, length - 4)[0] != length:
            yield Gap(GapKind.BAD_RECORD, resync(window, _test_for(section), _MAX_BLOCK_BYTES))
            continue
        window.step(length)
        reader = _READERS.get(kind)
        if reader and (item := reader(section, block)):
            yield item


def _byte_order(head: bytes) -> str | None:
    """Return struct's sign for a section head's byte order, None for any other block."""
    return _BYTE_ORDERS.get(head[8:12]) if head[:4] == MAGIC else None


_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}


def _is_sound(length: int) -> bool:
    return length >= _FRAME_BYTES and length % 4 == 0


def _read_interface(section: _Section, block: bytes) -> Gap | None:
    if len(block) < _FRAME_BYTES + 8 or len(section.interfaces) >= _MAX_INTERFACES:
        return Gap(GapKind.BAD_RECORD, len(block))
    link_type, _, snap_length = section.interface.unpack_from(block, 8)
    units, offset = 1_000_000, 0
    for code, value in _options(section, block[16:-4]):
        if code == _OPTION_TIME_RESOLUTION and value:
            exponent = value[0] & 0x7F
            units = 2**exponent if value[0] & 0x80 else 10**exponent
        elif code == _OPTION_TIME_OFFSET and len(value) == 8:
            offset = section.signed.unpack(value)[0]
    section.interfaces.append(Interface(link_type, snap_length, units, offset))
    return None


def _options(section: _Section, data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        code, length = section.option.unpack_from(data, at)
        if code == _OPTION_END:
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def _read_enhanced(section: _Section, block: bytes) -> Frame | Gap:
    if len(block) < _FRAME_BYTES + section.enhanced.size:
        return Gap(GapKind.BAD_RECORD, len(block))
    number, high, low, captured, wire = section.enhanced.unpack_from(block, 8)
    return _frame(section, block, 8 + section.enhanced.size, (number, high, low, captured, wire))


def _read_old(section: _Section, block: bytes) -> Frame | Gap:
    if len(block) < _FRAME_BYTES + section.old.size:
        return Gap(GapKind.BAD_RECORD, len(block))
    number, _, high, low, captured, wire = section.old.unpack_from(block, 8)
    return _frame(section, block, 8 + section.old.size, (number, high, low, captured, wire))


def _read_simple(section: _Section, block: bytes) -> Frame | Gap:
    if len(block) < _FRAME_BYTES + 4 or not section.interfaces:
        return Gap(GapKind.BAD_RECORD, len(block))
    interface = section.interfaces[0]
    wire = section.length.unpack_from(block, 8)[0]
    captured = min(wire, interface.snap_length or wire, len(block) - _FRAME_BYTES - 4)
    return Frame(section.time_us, interface.link_type, block[12 : 12 + captured], wire)


def _frame(
    section: _Section, block: bytes, start: int, fields: tuple[int, int, int, int, int]
) -> Frame | Gap:
    number, high, low, captured, wire = fields
    if number >= len(section.interfaces) or start + captured > len(block) - 4:
        return Gap(GapKind.BAD_RECORD, len(block))
    interface = section.interfaces[number]
    section.time_us = interface.time_us(high, low)
    data = block[start : start + captured]
    return Frame(section.time_us, interface.link_type, data, max(wire, captured))


_READERS: dict[int, Callable[[_Section, bytes], Frame | Gap | None]] = {
    _SECTION: lambda _section, _block: None,
    _INTERFACE: _read_interface,
    _OLD_PACKET: _read_old,
    _SIMPLE_PACKET: _read_simple,
    _ENHANCED_PACKET: _read_enhanced,
}


def _test_for(section: _Section) -> Callable[[bytes, int, bool], bool]:
    """Return the test for the start of a block: a known type, and its length at both ends."""

    def plausible(data: bytes, offset: int, _is_end: bool) -> bool:
        head = data[offset : offset + _FRAME_BYTES]
        if len(head) < _FRAME_BYTES:
            return False
        order = _byte_order(head)
        numbers = _Section(order) if order else section
        kind, length = numbers.head.unpack(head[:8])
        if kind not in _OTHERS and kind not in _READERS:
            return False
        if not _is_sound(length) or offset + length > len(data):
            return False
        return bool(numbers.length.unpack_from(data, offset + length - 4)[0] == length)

    return plausible
