"""Numbered records, and what must be true of a log after faults."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from hepscope_common.bus import SIGNALLING, TOPICS, Bus, Consumer, Record, TopicPartition
from hepscope_common.bus.origins import Numbering, headers_of, numbering_of

PATIENCE_SECONDS = 100.0
MANY = 4_000_000


@dataclass
class Numbered:
    """Sends records whose headers number them per partition, and notes what was acknowledged."""

    bus: Bus
    partitions: int
    origin: bytes = field(default_factory=lambda: os.urandom(16))
    sent: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    acknowledged: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def send(self, count: int, *, size_bytes: int = 200) -> None:
        """Send this many, in turns over the partitions."""
        producer = self.bus.producer()
        for number in range(count):
            partition = number % self.partitions
            self.sent[partition] += 1
            seq = self.sent[partition]
            await producer.send(
                SIGNALLING,
                partition,
                seq.to_bytes(8, "big") + bytes(size_bytes),
                1,
                headers_of(Numbering(self.origin, seq)),
                acknowledged=partial(self.acknowledged[partition].append, seq),
            )

    def check(self, records: Sequence[Record]) -> int:
        """Assert that nothing acknowledged is lost or out of order; returns the duplicates.

        A record may stand in the log more than once, but its first copies are in order, and the
        headers of each copy name what it holds.
        """
        doubled = 0
        for partition in range(self.partitions):
            highest = 0
            for record in records:
                if record.partition != partition:
                    continue
                numbering = numbering_of(record.headers)
                assert numbering is not None
                assert numbering.origin == self.origin
                assert record.value[:8] == (numbering.first_seq or 0).to_bytes(8, "big")
                if numbering.first_seq == highest + 1:
                    highest += 1
                else:
                    assert (numbering.first_seq or 0) <= highest
                    doubled += 1
            told = self.acknowledged[partition]
            assert told == list(range(1, len(told) + 1))
            assert highest >= len(told)
        return doubled


async def read_all(bus: Bus, *, group: str = "reader") -> list[Record]:
    """Read a bus from its beginning to its present end."""
    found: list[Record] = []
    async with asyncio.timeout(PATIENCE_SECONDS), bus.consumer(group, TOPICS) as consumer:
        while not consumer.assignment or any(consumer.lag().values()):
            found += await consumer.poll(max_bytes=MANY, timeout_seconds=0.5)
    return found


async def join(*members: Consumer) -> list[Record]:
    """Poll in turns until each member owns partitions; returns what came meanwhile."""
    found: list[Record] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not all(member.assignment for member in members):
            for member in members:
                found += await member.poll(max_bytes=MANY, timeout_seconds=0.02)
    return found


async def drain(consumer: Consumer, wanted: int) -> list[Record]:
    """Poll until this many records came."""
    found: list[Record] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < wanted:
            found += await consumer.poll(max_bytes=MANY, timeout_seconds=0.5)
    return found


class Notes:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, frozenset[TopicPartition]]] = []

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Note it."""
        self.told.append(("assigned", frozenset(partitions)))

    async def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Note it."""
        self.told.append(("revoked", frozenset(partitions)))
