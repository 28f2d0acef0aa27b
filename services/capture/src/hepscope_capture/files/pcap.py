"""pcap: the classic capture format of tcpdump (draft-ietf-opsawg-pcap).

A file head of 24 bytes (magic, version 2.x u16 u16, 8 bytes unused, snap length u32, link type
u32) and records: seconds u32, fraction u32, captured length u32, wire length u32, the frame.
The magic tells the byte order of every number and whether the fraction counts micro- or
nanoseconds; Kuznetzov's variant has 8 more bytes (interface, protocol, packet type) per record.

A record longer than any frame means damage: the reader looks for the next place where two
records in a row make sense. A record that the file's end cuts is never searched for others,
because what a frame carries may itself be a capture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from hepscope_capture.files.errors import NOT_YET, Gap, GapKind, NotACaptureError
from hepscope_capture.files.resync import resync
from hepscope_capture.files.window import Window
from hepscope_capture.frame import MAX_FRAME_BYTES, Frame

FILE_HEAD_BYTES = 24

# A wire length above this is not believed when looking for records behind damage.
_MAX_WIRE_BYTES = 16 * 1024 * 1024
# Neighbouring records are hardly a day apart; garbage nearly always is.
_NEAR_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Variant:
    """What a magic tells about a file."""

    order: str  # of struct: "<" or ">"
    is_nanoseconds: bool
    head_bytes: int  # of a record


_NUMBERS = {
    0xA1B2C3D4: (False, 16),
    0xA1B23C4D: (True, 16),
    0xA1B2CD34: (False, 24),
}

VARIANTS = {
    Struct(order + "I").pack(number): Variant(order, is_nanoseconds, head_bytes)
    for number, (is_nanoseconds, head_bytes) in _NUMBERS.items()
    for order in ("<", ">")
}


def is_pcap(start: bytes) -> bool:
    """Say whether a file that starts with these bytes is a pcap file."""
    return start[:4] in VARIANTS


def read_pcap(window: Window) -> Iterator[Frame | Gap]:
    """Give the frames and gaps of a pcap file in order; the window stands at its start.

    Raises NotACaptureError when the head is not that of a pcap file of version 2.
    """
    while len(window.peek(FILE_HEAD_BYTES)) < FILE_HEAD_BYTES and window.is_waiting:
        yield NOT_YET
    head = window.take(FILE_HEAD_BYTES)
    variant = VARIANTS.get(head[:4])
    if variant is None:
        raise NotACaptureError("not a pcap file")
    if len(head) < FILE_HEAD_BYTES:
        yield Gap(GapKind.CUT, len(head))
        return
    major, minor = Struct(variant.order + "HH").unpack_from(head, 4)
    if major != 2:
        raise NotACaptureError(f"pcap version {major}.{minor} is not supported")
    # The upper half holds the length of frame check sequences, which IP's own length cuts off.
    link_type = Struct(variant.order + "I").unpack_from(head, 20)[0] & 0xFFFF
    yield from _records(window, variant, link_type)


def _records(window: Window, variant: Variant, link_type: int) -> Iterator[Frame | Gap]:
    unpack = Struct(variant.order + "IIII").unpack_from
    head_bytes = variant.head_bytes
    divisor = 1000 if variant.is_nanoseconds else 1
    seconds = 0
    while True:
        head = window.peek(head_bytes)
        if len(head) < head_bytes:
            if window.is_waiting:
                yield NOT_YET
                continue
            if head:
                yield Gap(GapKind.CUT, window.drain())
            return
        second, fraction, captured, wire = unpack(head)
        if captured > MAX_FRAME_BYTES:
            test = _Plausible(variant, seconds)
            yield Gap(GapKind.BAD_RECORD, resync(window, test, test.reach))
            continue
        record = window.peek(head_bytes + captured)
        if len(record) < head_bytes + captured:
            if window.is_waiting:
                yield NOT_YET
                continue
            yield Gap(GapKind.CUT, window.drain())
            return
        window.step(head_bytes + captured)
        seconds = second
        yield Frame(
            second * 1_000_000 + fraction // divisor,
            link_type,
            record[head_bytes:],
            max(wire, captured),
        )


class _Plausible:
    """The test for the start of a record: it and its follower make sense."""

    def __init__(self, variant: Variant, near_seconds: int) -> None:
        self._unpack = Struct(variant.order + "IIII").unpack_from
        self._head_bytes = variant.head_bytes
        self._fraction_limit = 1_000_000_000 if variant.is_nanoseconds else 1_000_000
        self._near_seconds = near_seconds
        self.reach = 2 * variant.head_bytes + MAX_FRAME_BYTES

    def __call__(self, data: bytes, offset: int, is_end: bool) -> bool:
        length = self._record_bytes(data, offset)
        if not length:
            return False
        follower = offset + length
        if is_end and follower == len(data):
            return True
        return follower < len(data) and self._record_bytes(data, follower) > 0

    def _record_bytes(self, data: bytes, offset: int) -> int:
        """Return the length of the record that starts here, 0 when none can."""
        if offset + self._head_bytes > len(data):
            return 0
        seconds, fraction, captured, wire = self._unpack(data, offset)
        if not 0 < captured <= min(wire, MAX_FRAME_BYTES) or wire > _MAX_WIRE_BYTES:
            return 0
        if fraction >= self._fraction_limit:
            return 0
        if self._near_seconds and abs(seconds - self._near_seconds) > _NEAR_SECONDS:
            return 0
        return int(self._head_bytes + captured)
