"""Records that a worker has been given and not yet taken into a batch; bounded by who fills it."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable

from hepscope_common.bus.protocol import Record, TopicPartition


class Inbox:
    """Records in the order of their arrival."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._records: deque[Record] = deque()
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._records)

    def put(self, records: Iterable[Record]) -> None:
        """Add records behind the others."""
        for record in records:
            self._records.append(record)
            self.size_bytes += len(record.value)
        if self._records:
            self._arrived.set()

    def take(self) -> Record | None:
        """Remove and return the oldest record, None when there is none."""
        if not self._records:
            self._arrived.clear()
            return None
        record = self._records.popleft()
        self.size_bytes -= len(record.value)
        return record

    def discard(self, partitions: Collection[TopicPartition]) -> None:
        """Forget the records of these partitions."""
        kept = [
            record for record in self._records if (record.topic, record.partition) not in partitions
        ]
        self._records.clear()
        self.size_bytes = 0
        self.put(kept)

    def wake(self) -> None:
        """Let a waiting worker look around though nothing arrived."""
        self._arrived.set()

    async def wait(self, timeout_seconds: float | None = None) -> None:
        """Return when there may be something to take, or after the time."""
        if self._records:
            return
        self._arrived.clear()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._arrived.wait()
        except TimeoutError:
            return
