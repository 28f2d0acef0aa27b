"""Records fetched and not yet given to the reader, by partition.

A poll is bounded in bytes and the library counts records, so what was fetched beyond the bound
waits here: a few records, as many as one fetch brings.
"""

from collections import deque
from collections.abc import Container

from hepscope_common.bus.protocol import Record, TopicPartition


class Shelf:
    """Queues of records; takes from each partition in turn, so that no busy one starves others."""

    def __init__(self) -> None:
        self._queues: dict[TopicPartition, deque[Record]] = {}

    def __contains__(self, where: TopicPartition) -> bool:
        return bool(self._queues.get(where))

    def put(self, where: TopicPartition, records: list[Record]) -> None:
        """Put records behind those of their partition."""
        self._queues.setdefault(where, deque()).extend(records)

    def drop(self, where: TopicPartition) -> None:
        """Forget the records of a partition."""
        self._queues.pop(where, None)

    def clear(self) -> None:
        """Forget everything."""
        self._queues.clear()

    def size_bytes(self, without: Container[TopicPartition]) -> int:
        """Return the bytes of what ``take`` could give."""
        return sum(
            len(record.value)
            for where, queue in self._queues.items()
            if where not in without
            for record in queue
        )

    def take(self, max_bytes: int, without: Container[TopicPartition]) -> list[Record]:
        """Return at least one record if there is one, then up to max_bytes."""
        found: list[Record] = []
        room = max_bytes
        for where in [at for at in self._queues if at not in without]:
            queue = self._queues.pop(where)
            while queue and (not found or len(queue[0].value) <= room):
                room -= len(queue[0].value)
                found.append(queue.popleft())
            if queue:
                # The next poll begins with another partition.
                self._queues[where] = queue
                break
        return found
