"""TCP segments in, SIP messages out: the table of all directions, and the bounds of all together.

Time is that of the packets. A direction is known by its addresses, ports and VLAN; so are the two
directions of a connection, and neither needs the other.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.direction import MASK, Direction, Key
from hepscope_capture.streams.foreign import is_recalling
from hepscope_capture.streams.limits import StreamLimits
from hepscope_capture.streams.sip import SipReader

_FIN, _SYN, _RST = 0x01, 0x02, 0x04
_OPENS_OR_ENDS = _FIN | _SYN | _RST
# The table is searched for idle directions this often.
_SWEEP_US = 10_000_000
# When it is full, one in so many directions is looked at, and half of these go.
_EXAMINED_SHARE = 8
_MIN_EXAMINED = 256


class Streams:
    """All directions of all connections."""

    def __init__(self, limits: StreamLimits = StreamLimits()) -> None:  # noqa: B008  frozen
        self.counts = StreamCounts()
        self._limits = limits
        self._table: dict[Key, Direction] = {}
        self._holders: dict[Key, Direction] = {}  # that hold bytes, the longest first
        self._gapped: dict[Key, Direction] = {}  # of these, with a gap
        self._held = 0
        self._left: list[Datagram] = []  # came out when there was nobody to take it
        self._swept_us = 0

    def feed(self, segment: Datagram) -> Sequence[Datagram]:
        """Return the messages that a segment completes.

        Each has the time of the segment with its first byte; its payload is one SIP message.
        """
        self.counts.segments += 1
        key = (
            segment.source, segment.source_port, segment.destination, segment.destination_port,
            segment.vlan,
        )  # fmt: skip
        direction = self._table.get(key)
        payload, sequence, found = segment.payload, segment.sequence, None
        if segment.flags & _OPENS_OR_ENDS:
            if segment.flags & _SYN:
                sequence = (sequence + 1) & MASK
                direction, found = self._open(key, sequence, direction)
            elif direction is not None:
                direction.is_closed = True
        if self._gapped and segment.acknowledgement:
            self._acknowledge(key, segment)
        if direction is None:
            if not payload:
                return ()
            direction = self._join(key, sequence)
        direction.last_us = segment.time_us
        if direction.is_foreign:
            if not is_recalling(payload):
                self.counts.foreign_segments += 1
                return found or ()
            self._recall(direction, sequence)
        if payload:
            is_next = sequence == direction.next and not direction.piece_bytes
            if is_next:
                messages = direction.deliver(payload, segment)
            else:
                messages = direction.arrive(sequence, payload, segment)
            held = direction.reader.held + direction.piece_bytes
            if held != direction.held or not is_next:
                self._account(direction, held)
                if self._held > self._limits.total_bytes:
                    messages = [*messages, *self._make_room()]
            return messages if not found else [*found, *messages]
        return found or ()

    def expire(self, time_us: int) -> Sequence[Datagram]:
        """Give up gaps that are too old, and forget who is silent; to be called once a second.

        Returns the messages behind those gaps.
        """
        found, self._left = self._left, []
        for direction in list(self._gapped.values()):
            while direction.piece_bytes and direction.is_due(time_us):
                found += direction.skip_gap()
            self._account(direction, direction.reader.held + direction.piece_bytes)
        if not 0 <= time_us - self._swept_us < _SWEEP_US:
            self._swept_us = time_us
            found += self._sweep(time_us)
        return found

    def finish(self) -> Sequence[Datagram]:
        """Return what is held behind gaps and forget everything: the capture has ended."""
        found, self._left = self._left, []
        for direction in list(self._table.values()):
            found += self._forget(direction)
        return found

    def directions(self) -> Iterator[Direction]:
        """The directions known now: how much of each the capture has seen."""
        return iter(self._table.values())

    @property
    def held_bytes(self) -> int:
        """Bytes that wait for others."""
        return self._held

    def _open(
        self, key: Key, sequence: int, known: Direction | None
    ) -> tuple[Direction, Sequence[Datagram]]:
        """Return the direction that a SYN opens, and what its predecessor still held."""
        found: Sequence[Datagram] = ()
        if known is not None:
            is_late = (known.next - sequence) & MASK <= self._limits.window_bytes
            if known.start == sequence or (known.start < 0 and is_late):
                return known, ()
            found = self._forget(known)
        self.counts.opened += 1
        return self._add(key, sequence, sequence, is_beginning=True), found

    def _join(self, key: Key, sequence: int) -> Direction:
        self.counts.joined_late += 1
        return self._add(key, sequence, -1, is_beginning=False)

    def _add(self, key: Key, sequence: int, start: int, *, is_beginning: bool) -> Direction:
        if len(self._table) >= self._limits.directions:
            self._evict()
        reader = SipReader(self.counts, self._limits, is_beginning=is_beginning)
        direction = Direction(key, reader, sequence, start, limits=self._limits, counts=self.counts)
        self._table[key] = direction
        return direction

    def _recall(self, direction: Direction, sequence: int) -> None:
        """Look again at a stream that was given up."""
        direction.reader = SipReader(self.counts, self._limits, is_beginning=False)
        direction.is_foreign = False
        direction.next = sequence

    def _acknowledge(self, key: Key, segment: Datagram) -> None:
        """Tell the other direction, if it has a gap, what its receiver has."""
        source, source_port, destination, destination_port, vlan = key
        other = self._gapped.get((destination, destination_port, source, source_port, vlan))
        if other is not None:
            other.acknowledge(segment.acknowledgement, segment.time_us)

    def _account(self, direction: Direction, held: int) -> None:
        """Note what a direction holds now."""
        key = direction.key
        self._held += held - direction.held
        if not direction.held:
            self._holders[key] = direction
        direction.held = held
        if not held:
            self._holders.pop(key, None)
        if direction.piece_bytes:
            self._gapped[key] = direction
        else:
            self._gapped.pop(key, None)

    def _make_room(self) -> list[Datagram]:
        """Give up what is held longest, until the rest is within the bound."""
        found: list[Datagram] = []
        while self._held > self._limits.total_bytes:
            oldest = next(iter(self._holders.values()))
            self.counts.evicted_bytes += oldest.held
            found += oldest.drop()
            self._account(oldest, 0)
        return found

    def _evict(self) -> None:
        """Forget directions that are silent longest, those without SIP first.

        Of those looked at, which are the ones not looked at for the longest time: a search of all
        would hold up the capture.
        """
        table = self._table
        looked_at = list(islice(table.values(), max(len(table) // _EXAMINED_SHARE, _MIN_EXAMINED)))
        looked_at.sort(key=lambda one: (one.messages > 0, one.last_us))
        going = len(looked_at) // 2 + 1
        for direction in looked_at[:going]:
            self.counts.evicted_directions += 1
            self._left += self._forget(direction)
        for direction in looked_at[going:]:
            table[direction.key] = table.pop(direction.key)

    def _sweep(self, time_us: int) -> list[Datagram]:
        """Forget the directions that have been silent for too long."""
        found: list[Datagram] = []
        for direction in list(self._table.values()):
            silent = time_us - direction.last_us
            # What was heard of in a time to come was so by a clock that has been set back.
            if silent >= self._limits.idle_us or silent < -self._limits.step_back_us:
                self.counts.forgotten_idle += 1
                found += self._forget(direction)
            elif direction.is_closed and silent >= self._limits.closed_us:
                found += self._forget(direction)
        return found

    def _forget(self, direction: Direction) -> Sequence[Datagram]:
        """Return what a direction still held, and forget it."""
        found = direction.finish()
        self._account(direction, 0)
        del self._table[direction.key]
        return found
