"""Packets on disk that a server has not taken yet: a bounded queue of files in one directory.

They leave in the order in which they came, under the numbers they had. A file is deleted once
everything in it is released; how far the first one is released stands in the file ``position``, so
that a process which dies has little sent twice by the next one. When the bound is reached the
oldest file goes, and what it held is counted. A directory belongs to one process at a time. Nothing
is synced: what was written survives the process, not the machine's power.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path

from hepscope_capture.delivery.batch import Batch, Place
from hepscope_capture.delivery.spool_claim import Claim
from hepscope_capture.delivery.spool_frame import FILE_HEAD
from hepscope_capture.delivery.spool_segment import SUFFIX, Segment
from hepscope_capture.delivery.spool_trail import Trail

SEGMENT_BYTES = 8 * 1024 * 1024

# Each has an open descriptor.
_MOST_SEGMENTS = 256


class Spool:
    """The files of one directory. Every method that touches the disk raises OSError."""

    def __init__(
        self,
        directory: Path,
        limit_bytes: int,
        now_us: Callable[[], int],
        *,
        segment_bytes: int | None = None,
    ) -> None:
        self.directory = directory
        self.limit_bytes = limit_bytes
        self._now_us = now_us
        segment_bytes = segment_bytes or max(SEGMENT_BYTES, limit_bytes // _MOST_SEGMENTS)
        self._segment_bytes = min(segment_bytes, max(limit_bytes // 8, 4096))
        self._segments: deque[Segment] = deque()
        self._reading: Segment | None = None  # where the next batch is read
        self._read_at = 0
        self._next_number = 1
        self._claim: Claim | None = None
        self._recovered = Trail()
        self.size_bytes = 0
        """Bytes that the files have."""
        self.packets = 0
        """Packets in them that are not released."""
        self.recovered = 0
        """Packets that an earlier process left, damaged ones among them."""
        self.written = 0
        """Packets ever written by this process."""
        self.dropped = 0
        """Packets that had to make room."""
        self.damaged_packets = 0
        """Packets that were written and cannot be read any more, as far as they can be counted."""
        self.damaged = 0
        """Places where a frame was expected and none was whole; a torn end is one."""

    def open(self) -> None:
        """Take the directory, and what an earlier process left there."""
        self._claim = Claim(self.directory)
        self._recover(*self._claim.position())

    @property
    def is_read(self) -> bool:
        """Whether every batch in it was read since the last rewind."""
        return self._reading is None

    @property
    def next_origin(self) -> bytes:
        """Of the batch that ``read`` gives next; empty when there is none."""
        return self._reading.origin if self._reading else b""

    def append(self, batch: Batch, *, is_read: bool = False) -> None:
        """Write a batch behind all others and tell it its place.

        With is_read it counts as read already, which only what follows read batches can.
        """
        last = self._segments[-1] if self._segments else None
        if last is None or not self._takes(last, batch):
            last = self._add_segment(batch.origin)
        before = last.size
        batch.place = last.append(batch)
        self.size_bytes += last.size - before
        self.packets += len(batch.packets)
        self.written += len(batch.packets)
        if is_read:
            self._reading = None
        elif self._reading is None:
            self._reading, self._read_at = last, batch.place.offset

    def read(self) -> Batch | None:
        """Return the next batch; None when all were read. Damaged ones are counted and passed."""
        while (segment := self._reading) is not None:
            if self._read_at >= segment.size:
                self._advance(segment)
                continue
            try:
                batch, end = segment.read(self._read_at)
            except OSError:
                # The next look at these bytes would not be luckier.
                batch, end = None, segment.size
            self._read_at = end
            if end >= segment.size:
                self._advance(segment)
            if batch is not None:
                return batch
            self.damaged += 1
        return None

    def rewind(self, place: Place) -> None:
        """Have the batch of a place, and all behind it, read again."""
        for segment in self._segments:
            if segment.number == place.segment:
                self._reading, self._read_at = segment, place.offset
                return

    def release(self, place: Place, packets: int) -> None:
        """Let go of a batch of so many packets that lies in front of all others needed."""
        while self._segments:
            segment = self._segments[0]
            if segment.number > place.segment:
                return
            if segment.number == place.segment:
                segment.release(place)
                segment.packets -= packets
                self.packets -= packets
                if segment.released_to < segment.size:
                    return
            self._remove_read()

    def write_off(self) -> None:
        """Delete everything: all was read, and nothing that was is needed."""
        while self._segments:
            self._remove_read()

    def make_room(self) -> int | None:
        """Delete the oldest file if the bound is passed; return its number, None if it is not."""
        if self.size_bytes <= self.limit_bytes or len(self._segments) < 2:
            return None
        first = self._segments[0]
        self.dropped += first.packets
        if first is self._reading:
            self._reading, self._read_at = self._segments[1], FILE_HEAD.size
        self._remove_first()
        return first.number

    def note_position(self) -> None:
        """Write down how far everything is released, if that has changed."""
        first = self._segments[0] if self._segments else None
        if self._claim is not None:
            self._claim.note_position(
                (first.number, first.released_to) if first else (self._next_number, 0)
            )

    @property
    def acknowledging(self) -> frozenset[str]:
        """Servers that acknowledge, as far as this process and those before it know."""
        return self._claim.acknowledging if self._claim else frozenset()

    def note_server(self, name: str, *, is_acknowledging: bool) -> None:
        """Write down what a server does, if that is news."""
        if self._claim is not None:
            self._claim.note_server(name, is_acknowledging=is_acknowledging)

    def adopt(self, other: "Spool") -> None:
        """Take over the files of another spool that is open, before anything is read or written.

        They go behind those that are here; the other is closed.
        """
        for segment in other.give_away():
            mine = Segment(self.directory, self._next_number)
            segment.path.rename(mine.path)
            self._next_number += 1
            self._recover_segment(mine, segment.released_to)
        other.close()
        self._begin_reading()

    def give_away(self) -> list[Segment]:
        """Return the files, closed, which are of this spool no more."""
        segments = list(self._segments)
        for segment in segments:
            segment.close()
        self._segments.clear()
        self._reading, self.packets, self.size_bytes = None, 0, 0
        return segments

    def close(self) -> None:
        """Leave the directory to the next process."""
        for segment in self._segments:
            segment.close()
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def _takes(self, segment: Segment, batch: Batch) -> bool:
        return (
            segment.is_open
            and segment.origin == batch.origin
            and segment.size < self._segment_bytes
            and not segment.is_deleted
        )

    def _add_segment(self, origin: bytes) -> Segment:
        segment = Segment(self.directory, self._next_number)
        try:
            segment.create(origin, self._now_us())
        except FileNotFoundError:
            self._claim_again()
            segment.create(origin, self._now_us())
        self._next_number += 1
        self.size_bytes += segment.size
        self._segments.append(segment)
        return segment

    def _claim_again(self) -> None:
        """Make the directory anew that somebody has deleted."""
        claim = Claim(self.directory)
        if self._claim is not None:
            self._claim.close()
        self._claim = claim

    def _advance(self, segment: Segment) -> None:
        """Go on reading behind a segment that was read."""
        behind = [one for one in self._segments if one.number > segment.number]
        self._reading, self._read_at = (behind[0], FILE_HEAD.size) if behind else (None, 0)

    def _remove_read(self) -> None:
        """Delete the oldest file; what it still seems to hold was damaged."""
        self.damaged_packets += self._segments[0].packets
        self._remove_first()

    def _remove_first(self) -> None:
        first = self._segments.popleft()
        self.size_bytes -= first.size
        self.packets -= first.packets
        first.remove()

    def _recover(self, number: int, offset: int) -> None:
        self._next_number = max(number, 1)
        for path in sorted(self.directory.glob(f"*{SUFFIX}")):
            if not path.stem.isdigit():
                continue
            segment = Segment(self.directory, int(path.stem))
            self._next_number = max(self._next_number, segment.number + 1)
            if segment.number < number:
                segment.remove()
            else:
                self._recover_segment(segment, offset if segment.number == number else 0)
        self._begin_reading()

    def _recover_segment(self, segment: Segment, offset: int) -> None:
        is_torn = segment.recover(offset)
        self.damaged += is_torn
        self.damaged_packets += segment.missing + self._recovered.gap_before(segment)
        self._recovered.go_on(segment, is_torn=is_torn)
        if segment.released_to >= segment.size:
            segment.remove()
            return
        self._segments.append(segment)
        self.size_bytes += segment.size
        self.packets += segment.packets

    def _begin_reading(self) -> None:
        self.recovered = self.packets + self.damaged_packets
        if self._segments:
            self._reading = self._segments[0]
            self._read_at = self._reading.released_to
