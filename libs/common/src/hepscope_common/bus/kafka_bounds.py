"""Where the logs of the assigned partitions begin and end, as last heard.

Fetches tell the ends of what is being read; of paused partitions nobody would tell, so the
offsets are asked for now and then as well.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer

from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.protocol import OffsetOutOfRange, TopicPartition

ASK_SECONDS = 10.0
LOOKUPS_AT_ONCE = 64


class Range(NamedTuple):
    """The first offset of a log, and the one after its last."""

    start: int
    end: int


class Bounds:
    """Ranges by partition."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._ranges: dict[TopicPartition, Range] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._ranges.clear()

    def start(self, where: TopicPartition) -> int:
        """Return the first offset."""
        return self._ranges[where].start

    def end(self, where: TopicPartition) -> int:
        """Return the offset after the last."""
        return self._ranges[where].end

    def reach(self, where: TopicPartition, end: int | None) -> None:
        """Note that a log is at least this long."""
        found = self._ranges.get(where)
        if found is not None and end is not None and end > found.end:
            self._ranges[where] = found._replace(end=end)

    def check(self, where: TopicPartition, offset: int) -> None:
        """Raise OffsetOutOfRange unless the log can be read from there."""
        start, end = self._ranges[where]
        if not start <= offset <= end:
            raise OffsetOutOfRange(where, offset, start, end)

    async def ask(self, client: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Ask the brokers; raises the library's error or TimeoutError."""
        wire = [self._link.wire(where) for where in partitions]
        async with asyncio.timeout(ASK_SECONDS):
            starts = await client.beginning_offsets(wire)
            ends = await client.end_offsets(wire)
        for at in wire:
            self._ranges[self._link.unwire(at)] = Range(starts[at], ends[at])

    async def offsets_at(
        self, client: AIOKafkaConsumer, time_us: int, partitions: Iterable[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset from a time on, the end as last heard where none is so young.

        Raises as ``ask`` does.
        """
        wire = {self._link.wire(where): time_us // 1000 for where in partitions}
        async with asyncio.timeout(ASK_SECONDS):
            found = await client.offsets_for_times(wire)
        offsets: dict[TopicPartition, int] = {}
        for at, first in found.items():
            where = self._link.unwire(at)
            offsets[where] = self.end(where) if first is None else first.offset
        return offsets


async def committed(
    client: AIOKafkaConsumer, link: Link, partitions: Iterable[TopicPartition]
) -> Mapping[TopicPartition, int]:
    """Return the offsets that the group committed; raises as ``Bounds.ask`` does."""
    found: dict[TopicPartition, int] = {}
    todo = list(partitions)
    async with asyncio.timeout(ASK_SECONDS):
        for at in range(0, len(todo), LOOKUPS_AT_ONCE):
            some = todo[at : at + LOOKUPS_AT_ONCE]
            offsets = await asyncio.gather(*(client.committed(link.wire(where)) for where in some))
            found |= {
                where: offset
                for where, offset in zip(some, offsets, strict=True)
                if offset is not None
            }
    return found
