"""Partitions that come and go: nothing is counted twice, and calls under way stay known.

The group's committed offset of a partition says what is counted. Whoever takes a partition over
reads it again from some minutes before, to know the attempts and sessions under way, and begins
to count at the committed offset. A partition that comes back to the reader that had it last goes
on with what that one still has in memory. Only signalling has such state.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from hepscope_common.bus import SIGNALLING, Record, TopicPartition
from hepscope_common.bus.protocol import OffsetOutOfRange
from hepscope_common.clock import Clock
from hepscope_metrics_exporter.shard import Shard

REST_SECONDS: Final = 60.0
"""How long the state of a partition that went is kept: a rebalance takes seconds."""

MAX_STEPS: Final = 12
"""Doublings of the time looked back when nobody has counted for long: 28 days from ten minutes."""


class Reader(Protocol):
    """What is needed of a consumer."""

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset to be given next of each assigned partition."""
        ...

    async def offsets_at(
        self, time_us: int, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset that is not older than a time."""
        ...

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Go on at an offset."""
        ...


class Handover:
    """The shards of the partitions that are held, and up to where each log is counted."""

    def __init__(
        self,
        make: Callable[[int], Shard],
        *,
        rewind_us: int,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold nothing; ``make`` returns an empty shard, silent up to a time of arrival."""
        self.reader: Reader | None = None
        self.shards: dict[int, Shard] = {}
        self.takeovers = 0
        self.rebuilt_records = 0
        self._evicted = 0
        self._make = make
        self._rewind_us = rewind_us
        self._clock = clock
        self._monotonic = monotonic
        self._counted: dict[TopicPartition, int] = {}
        self._resting: dict[int, tuple[float, Shard]] = {}

    @property
    def evicted(self) -> int:
        """Attempts and sessions forgotten too early, of all shards that there were."""
        return self._evicted + sum(shard.evicted for shard in self._all_shards())

    def is_rebuilding(self, number: int) -> bool:
        """Tell whether a partition is still read for the second time."""
        where = TopicPartition(SIGNALLING, number)
        assert self.reader is not None
        return self.reader.positions.get(where, 0) < self._counted.get(where, 0)

    @property
    def rebuilding(self) -> list[int]:
        """The partitions that are still read for the second time."""
        return [number for number in self.shards if self.is_rebuilding(number)]

    def is_counted(self, record: Record) -> bool:
        """Tell whether a record was counted before, by this reader or by another."""
        where = TopicPartition(record.topic, record.partition)
        if record.offset < self._counted.get(where, 0):
            self.rebuilt_records += 1
            return True
        return False

    def count(self, record: Record) -> TopicPartition:
        """Note that a record is counted; returns its partition."""
        where = TopicPartition(record.topic, record.partition)
        self._counted[where] = record.offset + 1
        return where

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Go back in the logs that another reader has counted; raises ConnectionError."""
        assert self.reader is not None
        positions = {where: self.reader.positions[where] for where in partitions}
        known = [at for at in partitions if positions[at] <= self._counted.get(at, -1)]
        fresh = [at for at in partitions if at not in known]
        signalling = [at for at in fresh if at.topic == SIGNALLING]
        starts = await self._starts({at: positions[at] for at in signalling})
        now_us = self._clock()
        for where in known:
            self._seek(where, self._counted[where], positions[where])
        for where in fresh:
            self._counted[where] = positions[where]
        for where in signalling:
            self._seek(where, starts[where], positions[where])
        for where in partitions:
            if where.topic == SIGNALLING:
                self._hold(where.partition, now_us, is_known=where in known)
        self._forget_rested()

    async def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Keep the shards for a while, in case that they come back."""
        now = self._monotonic()
        for where in partitions:
            shard = self.shards.pop(where.partition, None) if where.topic == SIGNALLING else None
            if shard is not None:
                self._resting[where.partition] = (now, shard)

    def tick(self) -> None:
        """Forget what did not come back."""
        if self._resting:
            self._forget_rested()

    def skip_to(self, where: TopicPartition, offset: int) -> int:
        """Go on at an offset because the log holds no earlier one; returns the uncounted gap."""
        assert self.reader is not None
        self.reader.seek(where.topic, where.partition, offset)
        gap = max(0, offset - self._counted.get(where, offset))
        self._counted[where] = max(offset, self._counted.get(where, 0))
        return gap

    def _hold(self, number: int, now_us: int, *, is_known: bool) -> None:
        rested = self._resting.pop(number, None)
        if rested is not None and is_known:
            self.shards[number] = rested[1]
            return
        if rested is not None:
            self._evicted += rested[1].evicted
        self.takeovers += 1
        self.shards[number] = self._make(now_us)

    async def _starts(self, positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Return where to begin so that the time before each position is read again."""
        assert self.reader is not None
        starts: dict[TopicPartition, int] = {}
        at_us, step_us = self._clock(), self._rewind_us
        for _ in range(MAX_STEPS):
            open_ones = [where for where in positions if where not in starts]
            if not open_ones:
                break
            # A log that ends, or whose records are old enough, before the position at this time.
            reached = await self.reader.offsets_at(at_us, open_ones)
            found = [where for where in open_ones if reached[where] <= positions[where]]
            if found:
                before = await self.reader.offsets_at(at_us - self._rewind_us, found)
                starts |= {where: min(before[where], positions[where]) for where in found}
            at_us -= step_us
            step_us *= 2
        return {where: starts.get(where, positions[where]) for where in positions}

    def _seek(self, where: TopicPartition, offset: int, position: int) -> None:
        assert self.reader is not None
        if offset == position:
            return
        try:
            self.reader.seek(where.topic, where.partition, offset)
        except OffsetOutOfRange:
            # Retention was faster, or the topic is another one: begin where the group does.
            self._counted[where] = position

    def _forget_rested(self) -> None:
        now = self._monotonic()
        for number, (since, shard) in list(self._resting.items()):
            if now - since < REST_SECONDS:
                continue
            del self._resting[number]
            self._evicted += shard.evicted
            for where in [at for at in self._counted if at.partition == number]:
                if number not in self.shards:
                    del self._counted[where]

    def _all_shards(self) -> Iterator[Shard]:
        yield from self.shards.values()
        yield from (shard for _, shard in self._resting.values())
