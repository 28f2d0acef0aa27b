"""One stream of RTP: which of its numbers were shown (RFC 3550 section 5.1, appendix A.1).

Numbers have 16 bits and are counted on beyond. What is missing is a hole among the last numbers,
so that a packet that comes late fills it; what leaves that window unfilled was not shown.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from hepscope_capture.mirror.counts import RtpCounts

WINDOW = 128
"""Numbers, of which a packet may come late. RFC 3550 has 100 (MAX_MISORDER)."""

_MASK = (1 << WINDOW) - 1
_NUMBERS = 0x10000
_HALF = 0x8000
# More is a loss only if the time that went by is long enough for so many packets.
_SURELY_LOST = 100
# A number from behind after so long is none that was late: the sender began anew.
_LATE_US = 2_000_000
# New numbers count once two packets agree about them.
_AGREES = 16


Flow: TypeAlias = tuple[bytes, int, bytes, int]
"""Address and port of the sender and of the receiver."""

Key: TypeAlias = tuple[bytes, int, bytes, int, int]
"""A flow and an SSRC."""


@dataclass(slots=True)
class RtpStream:
    """A stream, from the first packet seen on."""

    key: Key
    place: str  # where it was first seen: an interface; empty for files
    payload_type: int
    next: int  # number that is expected
    first: int
    first_us: int
    last_us: int  # of the highest number
    counts: RtpCounts = field(default_factory=RtpCounts)  # of all streams of the place
    packets: int = 0
    missing: int = 0  # for good
    duplicate: int = 0
    has_return: bool = False  # RTP came the other way, too
    _holes: int = 0  # bit 0: the number before ``next``
    _doubt: int = -1  # number expected if the odd packet before was the first of new numbers

    @property
    def flow(self) -> Flow:
        """Who sends to whom."""
        return self.key[:4]

    @property
    def back(self) -> Flow:
        """The flow of the other direction."""
        source, source_port, destination, destination_port, _ = self.key
        return destination, destination_port, source, source_port

    @property
    def lacking(self) -> int:
        """Packets that were not shown, those that may still come included."""
        return self.missing + self._holes.bit_count()

    def take(self, sequence: int, time_us: int) -> None:
        """Count a packet."""
        self.packets += 1
        self.counts.packets += 1
        if sequence == self.next & 0xFFFF:
            self.next += 1
            if self._holes:
                self._move(1)
            self.last_us = time_us
        else:
            self._take_odd(sequence, time_us)

    def settle(self) -> None:
        """Count what has not come by now as missing."""
        found = self._holes.bit_count()
        self._holes = 0
        self._count_missing(found)

    def _take_odd(self, sequence: int, time_us: int) -> None:
        ahead = (sequence - self.next) % _NUMBERS
        behind = _NUMBERS - ahead
        if ahead < _HALF:
            if self._is_loss(ahead, time_us):
                self._move(ahead + 1)
                self.next += ahead + 1
                self.last_us = time_us
                return
        elif behind <= WINDOW and time_us - self.last_us < _LATE_US:
            self._take_late(behind)
            return
        self._take_new(sequence, time_us)

    def _is_loss(self, ahead: int, time_us: int) -> bool:
        """Say whether so many packets can have been sent since the last one."""
        if ahead <= _SURELY_LOST:
            return True
        numbers = self.next - self.first - 1
        if numbers <= 0:
            return False
        usual_us = (self.last_us - self.first_us) / numbers
        return 0 < usual_us * ahead <= 2 * (time_us - self.last_us)

    def _take_late(self, behind: int) -> None:
        bit, number = 1 << behind - 1, self.next - behind
        if self._holes & bit:
            self._holes ^= bit
            self.counts.late += 1
        elif number < self.first:
            # The capture began between the two.
            self._holes |= bit - 1 & ~((1 << self.next - self.first) - 1)
            self.first = number
            self.counts.late += 1
        else:
            self.duplicate += 1
            self.counts.duplicate += 1

    def _take_new(self, sequence: int, time_us: int) -> None:
        """Begin anew at the second packet that does not fit the old numbers but the first one."""
        after = (sequence - self._doubt) % _NUMBERS
        if self._doubt < 0 or after > _AGREES:
            self._doubt = (sequence + 1) % _NUMBERS
            return
        self.settle()
        self.counts.restarts += 1
        self.first, self.next = self._doubt - 1, self._doubt + after + 1
        self._holes = (1 << after) - 1 << 1
        self.first_us = self.last_us = time_us
        self._doubt = -1

    def _move(self, count: int) -> None:
        """Move the window on to a packet so far ahead; what leaves it is missing."""
        holes = self._holes << count | (1 << count) - 2
        if holes > _MASK:
            self._count_missing((holes >> WINDOW).bit_count())
            holes &= _MASK
        self._holes = holes

    def _count_missing(self, count: int) -> None:
        self.missing += count
        self.counts.missing += count
