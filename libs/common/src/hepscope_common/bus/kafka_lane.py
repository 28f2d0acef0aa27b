"""Records of one partition on their way to the broker: one lane per partition.

A record stays in its lane until the broker has acknowledged it, so that a connection that fails
can be replaced and everything it may have lost sent again, in the order of taking.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from hepscope_common.bus.protocol import Acknowledged, TopicPartition

RECORD_OVERHEAD_BYTES = 400
"""What a waiting record weighs beside its value, so that tiny ones are bounded too."""


class Pending(NamedTuple):
    """A record that the broker has not acknowledged; taken at ``time_ms`` of the Unix epoch."""

    value: bytes
    headers: list[tuple[str, bytes]]
    time_ms: int
    acknowledged: Acknowledged | None


class Batch(Protocol):
    """What is filled before it is sent."""

    def append(self, time_ms: int, value: bytes, headers: list[tuple[str, bytes]]) -> bool:
        """Take a record; False when it is full."""
        ...


class Lane:
    """The unacknowledged records of a partition: handed over first, then those still here."""

    __slots__ = ("_handed", "_more", "_waiting", "acknowledged", "moved_at", "taken", "where")

    def __init__(self, where: TopicPartition) -> None:
        self.where = where
        self.moved_at = 0.0
        self.taken = 0
        self.acknowledged = 0
        self._handed: deque[Pending] = deque()
        self._waiting: deque[Pending] = deque()
        self._more = asyncio.Event()

    def __len__(self) -> int:
        return len(self._handed) + len(self._waiting)

    def put(self, record: Pending, now: float) -> None:
        """Take a record; ``now`` is the clock's by which a stall is told."""
        if not self:
            self.moved_at = now
        self.taken += 1
        self._waiting.append(record)
        self._more.set()

    async def wait(self) -> None:
        """Return when there is something to hand over."""
        self._more.clear()
        if not self._waiting:
            await self._more.wait()

    def hand_over(self, batch: Batch) -> int:
        """Fill a batch in order; returns how many records it took, at least one if there is one."""
        count = 0
        while self._waiting:
            record = self._waiting[0]
            if not batch.append(record.time_ms, record.value, record.headers):
                break
            self._handed.append(self._waiting.popleft())
            count += 1
        return count

    def delivered(self, count: int, now: float) -> Sequence[Pending]:
        """Forget the oldest records handed over and return them."""
        self.moved_at = now
        return [self._handed.popleft() for _ in range(count)]

    def take_back(self, now: float) -> None:
        """Let everything that was handed over wait again, before what came later."""
        self._waiting.extendleft(reversed(self._handed))
        self._handed.clear()
        self.moved_at = now
