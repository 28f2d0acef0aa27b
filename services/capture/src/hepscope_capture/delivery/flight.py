"""The batches that were handed to the present connection and that the server may not have yet."""

from collections import deque
from typing import NamedTuple

from hepscope_capture.delivery.batch import Batch


class Landing(NamedTuple):
    """What becomes of all that was in flight when a connection is lost."""

    on_disk: Batch | None
    """The first of those that are on disk, from which all are read again."""
    in_memory: list[Batch]
    """Those that are in memory only; they are newer."""
    arrived: int
    """Packets of the first that have arrived and need not be sent again."""


class Flight:
    """Some of it on disk, and behind that some in memory only."""

    def __init__(self) -> None:
        self._disk: deque[Batch] = deque()
        self._memory: deque[Batch] = deque()
        self._sent: dict[bytes, int] = {}  # the highest number by origin
        self.packets = 0
        self.size = 0
        """Bytes."""
        self.sent = 0
        """Packets that were ever in it, each counted once."""
        self.resent = 0
        """Packets that were in it once more."""

    @property
    def first(self) -> Batch | None:
        """The oldest batch."""
        batches = self._disk or self._memory
        return batches[0] if batches else None

    @property
    def first_in_memory(self) -> Batch | None:
        """The oldest batch that is not on disk."""
        return self._memory[0] if self._memory else None

    @property
    def is_on_disk(self) -> bool:
        """Whether any of it is on disk."""
        return bool(self._disk)

    def highest(self, origin: bytes) -> int:
        """Return the highest number of an origin that was ever sent; 0 = none."""
        return self._sent.get(origin, 0)

    def add(self, batch: Batch) -> None:
        """Let a batch fly, the newest."""
        (self._disk if batch.place else self._memory).append(batch)
        self.size += batch.size
        self.packets += len(batch)
        before = self.highest(batch.origin)
        self.resent += max(min(before - batch.first_seq + 1, len(batch)) - batch.skip, 0)
        self.sent += max(batch.last_seq - max(before, batch.first_seq - 1), 0)
        self._sent[batch.origin] = max(before, batch.last_seq)

    def land(self) -> Batch:
        """Take the oldest batch out; there must be one."""
        batch = (self._disk or self._memory).popleft()
        self.size -= batch.size
        self.packets -= len(batch)
        return batch

    def note_written(self) -> None:
        """Note that the oldest batch in memory is on disk now."""
        self._disk.append(self._memory.popleft())

    def drop_segment(self, number: int) -> None:
        """Forget the batches of a file that is no more, the oldest."""
        while self._disk and (place := self._disk[0].place) and place.segment <= number:
            self.land()

    def land_all(self, offset: int | None) -> Landing:
        """Take everything out; of a stream, what lies before an offset has arrived."""
        first, arrived = self.first, 0
        if first is not None and offset is not None:
            arrived = _arrived(first, offset) - first.skip
            first.skip += arrived
        on_disk = self._disk[0] if self._disk else None
        landing = Landing(on_disk, list(self._memory), arrived)
        self._disk.clear()
        self._memory.clear()
        self.size = self.packets = 0
        return landing


def _arrived(batch: Batch, offset: int) -> int:
    """Return how many packets of a batch lie wholly before an offset of the stream."""
    count, end = len(batch), batch.stream_end
    while count > batch.skip and end > offset:
        count -= 1
        end -= len(batch.packets[count])
    return count
