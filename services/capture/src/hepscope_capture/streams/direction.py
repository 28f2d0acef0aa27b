"""One direction of a connection: its bytes in order (RFC 9293 section 3.4).

Pieces that come before an earlier one are held until that one comes, or is given up: when the
receiver cannot have it any more, because time is over or more is held than a sender has under way.
Of bytes that come twice the first ones count. A number far outside the window belongs to a
connection whose beginning was not seen; the direction goes on from there. Of one that was joined
late, messages from before the first segment seen may come behind it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter
from typing import TypeAlias

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.foreign import ForeignReader
from hepscope_capture.streams.limits import PIECE_BYTES, StreamLimits
from hepscope_capture.streams.reader import Reader
from hepscope_capture.streams.start import is_one_message

Key: TypeAlias = tuple[bytes, int, bytes, int, int]
"""Source, its port, destination, its port, VLAN."""

MASK = 0xFFFF_FFFF
_HALF = 0x8000_0000

_place = itemgetter(0)


class Direction:
    """What is known of one direction. ``gaps`` and ``missing_bytes`` tell how well it is seen."""

    __slots__ = (
        "_acknowledged", "_base", "_counts", "_first", "_is_told", "_limits", "_pieces",
        "_was_cut", "deadline_us", "gaps", "held", "is_closed", "is_foreign", "key", "last_us",
        "messages", "missing_bytes", "next", "piece_bytes", "reader", "start",
    )  # fmt: skip

    def __init__(
        self,
        key: Key,
        reader: Reader,
        expected: int,
        start: int,
        *,
        counts: StreamCounts,
        limits: StreamLimits,
    ) -> None:
        """Make a direction that goes on with the number expected; start -1 = SYN not seen."""
        self.key = key
        self.reader = reader
        self.next = expected
        self.start = start
        self.last_us = 0
        self.is_foreign = False  # that its segments need no order
        self.is_closed = False
        self.held = 0  # as the owner has accounted for
        self.piece_bytes = 0  # held behind a gap
        self.deadline_us = 0  # when the gap is given up, if there is one
        self.messages = 0
        self.gaps = 0
        self.missing_bytes = 0
        self._counts = counts
        self._limits = limits
        self._first = expected if start < 0 else -1  # what came before it was not seen
        self._pieces: list[tuple[int, bytes, Datagram]] = []  # place behind base, by place
        self._base = 0
        self._acknowledged = -1  # by the receiver, since the gap was seen; -1 = nothing
        self._was_cut = False
        self._is_told = False  # what it is was counted

    def arrive(self, sequence: int, payload: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Return the messages that a segment with data completes."""
        window, early = self._limits.window_bytes, list[Datagram]()
        while (ahead := self._ahead(sequence)) > window and self.piece_bytes:
            early += self.skip_gap()
        found = self._place(ahead, sequence, payload, segment)
        return [*early, *found] if early else found

    def _ahead(self, sequence: int) -> int:
        """Return how far a number is ahead of the expected one, less than 0 if behind."""
        return ((sequence - self.next + _HALF) & MASK) - _HALF

    def _place(
        self, ahead: int, sequence: int, payload: bytes, segment: Datagram
    ) -> Sequence[Datagram]:
        """Deliver a segment or hold it."""
        window = self._limits.window_bytes
        if not ahead and not self.piece_bytes:
            return self.deliver(payload, segment)
        if not -window <= ahead <= window:
            return self._jump(sequence, payload, segment)
        if ahead < 0 <= self._first and self._is_from_before(sequence, payload, segment):
            self._first = sequence
            self.messages += 1
            self._counts.messages += 1
            return (segment,)
        if ahead <= 0:
            found = self._deliver_new(-ahead, payload, segment)
            if self.piece_bytes:
                waiting = len(self._pieces)
                found = [*found, *self._drain()]
                self._counts.reordered += waiting - len(self._pieces)
            return found
        if self._was_cut and not self.piece_bytes:
            self._miss(ahead)
            self.next = sequence
            return self.deliver(payload, segment)
        self._hold(sequence, payload, segment)
        found = list[Datagram]()
        while self.piece_bytes > window or (self.piece_bytes and self.is_due(segment.time_us)):
            found += self.skip_gap()
        return found

    def _is_from_before(self, sequence: int, payload: bytes, segment: Datagram) -> bool:
        """Tell whether a segment is one message that ends before all that was seen."""
        missing = (self._first - sequence - len(payload)) & MASK
        is_before = missing <= self._limits.window_bytes
        return is_before and not segment.is_cut and is_one_message(payload)

    def deliver(self, payload: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Let the reader read what was expected."""
        self.next = (self.next + len(payload)) & MASK
        reader = self.reader
        found = reader.read(payload, segment)
        self._was_cut = segment.is_cut
        if segment.is_cut:
            found = [*found, *reader.cut(segment)]
        if reader.successor is not None:
            self._turn(reader.successor)
        self.messages += len(found)
        return found

    def is_due(self, time_us: int) -> bool:
        """Tell whether the gap is to be given up; a clock set back must not keep it for hours."""
        left = self.deadline_us - time_us
        return left <= 0 or left > self._limits.step_back_us

    def skip_gap(self) -> Sequence[Datagram]:
        """Give up the bytes before the first piece held; return what comes out then."""
        place = self._pieces[0][0]
        missing = place - ((self.next - self._base) & MASK)
        self.gaps += 1
        self.missing_bytes += missing
        self._counts.gaps += 1
        self._counts.missing_bytes += missing
        self._miss(missing)
        self.next = (self._base + place) & MASK
        return self._drain()

    def finish(self) -> Sequence[Datagram]:
        """Return what is held behind gaps; nothing more comes."""
        found: list[Datagram] = []
        while self.piece_bytes:
            found += self.skip_gap()
        self.reader.give_up()
        return found

    def drop(self) -> Sequence[Datagram]:
        """Hold nothing any more; return what comes out."""
        found = self.finish()
        self._miss(-1)
        return found

    def acknowledge(self, number: int, time_us: int) -> None:
        """Take note that the receiver has all bytes before this number.

        If it has what is missing here, the capture has lost it; but the order of the two
        directions is not sure, so the gap is given a short time yet.
        """
        self._acknowledged = number
        if self._pieces and self._has_receiver(self._pieces[0][0]):
            self.deadline_us = min(self.deadline_us, time_us + self._limits.acknowledged_us)

    def _has_receiver(self, place: int) -> bool:
        """Tell whether the receiver has acknowledged all bytes before this place."""
        number = self._acknowledged
        return number >= 0 and ((number - self._base - place) & MASK) < _HALF

    def _deliver_new(self, seen: int, payload: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Deliver a segment without its first bytes, which were seen before."""
        if seen >= len(payload):
            self._counts.retransmitted_bytes += len(payload)
            return ()
        if seen:
            self._counts.overlapping_bytes += seen
            payload = payload[seen:]
        return self.deliver(payload, segment)

    def _jump(self, sequence: int, payload: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Go on from a number that cannot belong to what was expected."""
        found = self.finish()
        self.gaps += 1
        self._counts.gaps += 1
        self._miss(-1)
        self.next = sequence
        self._first = -1
        return [*found, *self.deliver(payload, segment)]

    def _hold(self, sequence: int, payload: bytes, segment: Datagram) -> None:
        """Keep a segment that came before an earlier one."""
        pieces = self._pieces
        if not pieces:
            self._base = self.next
            self._acknowledged = -1
            self.deadline_us = segment.time_us + self._limits.gap_us
        place = (sequence - self._base) & MASK
        index = bisect_left(pieces, place, key=_place)
        if index < len(pieces) and pieces[index][0] == place:
            if len(pieces[index][1]) >= len(payload):
                self._counts.retransmitted_bytes += len(payload)
                return
            self.piece_bytes -= len(pieces.pop(index)[1]) + PIECE_BYTES
        pieces.insert(index, (place, payload, segment))
        self.piece_bytes += len(payload) + PIECE_BYTES

    def _drain(self) -> Sequence[Datagram]:
        """Deliver the pieces that are in order now."""
        pieces, found = self._pieces, list[Datagram]()
        while pieces:
            place, payload, segment = pieces[0]
            seen = ((self.next - self._base) & MASK) - place
            if seen < 0:
                is_late = self._has_receiver(place)
                patience = self._limits.acknowledged_us if is_late else self._limits.gap_us
                self.deadline_us = segment.time_us + patience
                break
            del pieces[0]
            self.piece_bytes -= len(payload) + PIECE_BYTES
            found += self._deliver_new(seen, payload, segment)
        return found

    def _miss(self, count: int) -> None:
        self.reader.miss(count)
        if self.reader.successor is not None:
            self._turn(self.reader.successor)

    def _turn(self, successor: Reader) -> None:
        """Change the reader for one that knows better."""
        while successor.successor is not None:
            successor = successor.successor
        self.reader = successor
        self.is_foreign = successor.is_foreign
        if isinstance(successor, ForeignReader):
            self._pieces.clear()
            self.piece_bytes = 0
            if not self._is_told:
                self._is_told = True
                name = successor.protocol.value
                setattr(self._counts, name, getattr(self._counts, name) + 1)
