"""The bus inside one process: partitioned logs, bounded together in bytes.

It is the only bus of the standalone command and the twin of the Kafka one in tests. A record
stays until every group has committed past it; when the bound is reached producers wait, so
that a slow database slows TCP senders instead of growing memory. Topics that no group reads
(dead letters) keep their newest records only.

Everything happens in one event loop; nothing here is safe for threads.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import count

from hepscope_common.bus.memory_consumer import Group, MemoryConsumer
from hepscope_common.bus.partition_log import PartitionLog
from hepscope_common.bus.protocol import (
    MAX_RECORD_BYTES,
    MAX_RECORD_PACKETS,
    Acknowledged,
    Listener,
    TopicPartition,
)
from hepscope_common.bus.topics import DEAD_LETTER, TOPICS

DEFAULT_MAX_BYTES = 64 * 1024 * 1024
"""About 90,000 packets of 730 bytes: four seconds at the rate one process stores."""

UNREAD_BYTES = 4 * 1024 * 1024
"""What a topic without readers keeps: enough to look at, small beside the bound."""


class MemoryBus:
    """A bus whose logs start at given offsets, which is where the store says it is."""

    def __init__(
        self,
        *,
        bus_id: str = "memory",
        partitions: int = 4,
        max_bytes: int = DEFAULT_MAX_BYTES,
        groups: Sequence[str] = (),
        start_offsets: Mapping[TopicPartition, int] | None = None,
    ) -> None:
        """Make the logs.

        Groups named here hold records back even before their first member joins; any other
        group starts at what is still there when its first member joins.
        """
        self.bus_id = bus_id
        self.partitions = partitions
        self.max_bytes = max_bytes
        starts = start_offsets or {}
        where = [TopicPartition(topic, n) for topic in TOPICS for n in range(partitions)]
        where.append(TopicPartition(DEAD_LETTER, 0))
        self.logs = {at: PartitionLog(at, starts.get(at, 0)) for at in where}
        self.groups: dict[str, Group] = {}
        for name in groups:
            self._group(name, TOPICS)
        self._room = asyncio.Event()
        self._unacknowledged: dict[TopicPartition, deque[tuple[int, Acknowledged]]] = {
            at: deque() for at in where
        }
        self._member_numbers = count()

    @property
    def used_bytes(self) -> int:
        """Bytes of all records held for a reader."""
        return sum(log.size_bytes for at, log in self.logs.items() if self._readers(at))

    def producer(self) -> "MemoryProducer":
        """Return a producer; all are equal."""
        return MemoryProducer(self)

    def consumer(
        self, group: str, topics: Sequence[str], listener: Listener | None = None
    ) -> MemoryConsumer:
        """Return a member to be, inert until entered."""
        member = f"{group}-{next(self._member_numbers):06d}"
        return MemoryConsumer(self._group(group, topics), member, listener, self.logs, self.trim)

    def trim(self, where: TopicPartition) -> None:
        """Forget what every reader of a partition is done with."""
        wanted = [group.committed[where] for group in self._readers(where)]
        if wanted and self.logs[where].forget_before(min(wanted)):
            self._room.set()
            self._acknowledge(where)

    def _acknowledge(self, where: TopicPartition) -> None:
        waiting, start = self._unacknowledged[where], self.logs[where].start
        while waiting and waiting[0][0] < start:
            waiting.popleft()[1]()

    def _group(self, name: str, topics: Sequence[str]) -> Group:
        group = self.groups.get(name)
        if group is None:
            group = self.groups[name] = Group(name, topics, self.partitions, self.logs)
        return group

    def append(
        self,
        where: TopicPartition,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...],
        acknowledged: Acknowledged | None = None,
    ) -> bool:
        """Put a record at the end of its log; False when there is no room for it."""
        if not 0 < packets <= MAX_RECORD_PACKETS or len(value) > MAX_RECORD_BYTES:
            raise ValueError(f"a record of {packets} packets and {len(value)} bytes")
        log = self.logs[where]
        readers = self._readers(where)
        if not readers:
            log.append(value, packets, headers)
            self._keep_newest(log)
            if acknowledged is not None:
                acknowledged()
            return True
        used = self.used_bytes
        # An empty bus takes a record of any size: a bound below one record would never move.
        if used and used + len(value) > self.max_bytes:
            return False
        if acknowledged is not None:
            self._unacknowledged[where].append((log.end, acknowledged))
        log.append(value, packets, headers)
        for group in readers:
            group.wake()
        return True

    async def wait_for_room(self) -> None:
        """Return when something was forgotten since the last refusal."""
        self._room.clear()
        await self._room.wait()

    def _readers(self, where: TopicPartition) -> list[Group]:
        return [group for group in self.groups.values() if where in group]

    @staticmethod
    def _keep_newest(log: PartitionLog) -> None:
        while log.size_bytes > UNREAD_BYTES:
            log.forget_before(log.start + 1)


class MemoryProducer:
    """Puts records into the logs of one MemoryBus."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    def offer(
        self,
        topic: str,
        partition: int,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> bool:
        """Take a record if there is room, at once; False means full and nothing was taken."""
        where = TopicPartition(topic, partition)
        return self._bus.append(where, value, packets, headers, acknowledged)

    async def send(
        self,
        topic: str,
        partition: int,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        """Take a record, waiting for room as long as it needs."""
        while not self.offer(topic, partition, value, packets, headers, acknowledged=acknowledged):
            await self._bus.wait_for_room()

    async def flush(self) -> None:
        """Return at once: what was taken is in the log."""
