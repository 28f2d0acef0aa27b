"""One partition of the memory bus: an ordered log of records that forgets its head."""

from collections import deque

from hepscope_common.bus.protocol import OffsetOutOfRange, Record, TopicPartition


class PartitionLog:
    """Records from offset ``start`` up to, not including, ``end``."""

    __slots__ = ("_records", "end", "size_bytes", "start", "where")

    def __init__(self, where: TopicPartition, start: int) -> None:
        self.where = where
        self.start = start
        self.end = start
        self.size_bytes = 0
        self._records: deque[Record] = deque()

    def append(self, value: bytes, packets: int, headers: tuple[tuple[str, bytes], ...]) -> None:
        """Put a record at the end."""
        self._records.append(Record(*self.where, self.end, value, packets, headers))
        self.end += 1
        self.size_bytes += len(value)

    def read(self, offset: int, max_bytes: int) -> list[Record]:
        """Return records from an offset on: at least one if there is one, then to max_bytes."""
        self.check(offset)
        found: list[Record] = []
        room = max_bytes
        # A deque is slow in its middle, but readers stand at its head: all before the slowest
        # reader is forgotten at once.
        for index in range(offset - self.start, len(self._records)):
            record = self._records[index]
            room -= len(record.value)
            if found and room < 0:
                break
            found.append(record)
        return found

    def forget_before(self, offset: int) -> int:
        """Drop the records before an offset; returns the bytes that became free."""
        freed = 0
        while self._records and self.start < offset:
            freed += len(self._records.popleft().value)
            self.start += 1
        self.size_bytes -= freed
        return freed

    def check(self, offset: int) -> None:
        """Raise OffsetOutOfRange unless the next record to read may be this one."""
        if not self.start <= offset <= self.end:
            raise OffsetOutOfRange(self.where, offset, self.start, self.end)
