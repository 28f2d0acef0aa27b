"""Records that wait for Loki in memory, bounded in bytes."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable

from hepscope_common.bus.protocol import Record, TopicPartition


class Backlog:
    """A queue of records in the order in which they were read."""

    def __init__(self, bound_bytes: int) -> None:
        self.bound_bytes = bound_bytes
        self.size_bytes = 0
        self._records: deque[Record] = deque()
        self._came = asyncio.Event()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def is_full(self) -> bool:
        """Whether no more should come."""
        return self.size_bytes >= self.bound_bytes

    @property
    def has_room(self) -> bool:
        """Whether reading may go on after it was full: half of it is free."""
        return self.size_bytes * 2 < self.bound_bytes

    def put(self, records: Iterable[Record]) -> None:
        """Put records at the end, full or not."""
        for record in records:
            self._records.append(record)
            self.size_bytes += len(record.value)
        if self._records:
            self._came.set()

    def drop_oldest(self) -> int:
        """Make it hold no more than its bound; returns how many records that cost."""
        count = 0
        while self.size_bytes > self.bound_bytes and len(self._records) > 1:
            self.size_bytes -= len(self._records.popleft().value)
            count += 1
        return count

    def take(self) -> Record | None:
        """Return the oldest record, None when there is none."""
        if not self._records:
            return None
        record = self._records.popleft()
        self.size_bytes -= len(record.value)
        return record

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        """Drop the records of partitions that go; whoever gets them reads them again."""
        kept = [
            record
            for record in self._records
            if TopicPartition(record.topic, record.partition) not in partitions
        ]
        self._records.clear()
        self.size_bytes = 0
        self.put(kept)

    def first(self) -> dict[TopicPartition, int]:
        """Return the first offset that waits, by partition."""
        found: dict[TopicPartition, int] = {}
        for record in self._records:
            found.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        return found

    def wake(self) -> None:
        """Let ``wait`` return."""
        self._came.set()

    async def wait(self, seconds: float | None) -> None:
        """Return when records came since the last time, or after the time."""
        if not self._records:
            self._came.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            return
        finally:
            self._came.clear()
