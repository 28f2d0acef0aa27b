"""A writer on the memory bus and a real database, and what tests ask of both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from prometheus_client import CollectorRegistry

from hep import admit, partition_of
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import topic_of
from hepscope_common.runtime import Supervisor
from hepscope_storage_writer.component import GROUP, StorageWriter
from hepscope_storage_writer.metrics import WriterMetrics
from hepscope_storage_writer.settings import WriterSettings
from support.builders import BASE_US

NOW_US = BASE_US + 60_000_000
PEER = bytes([192, 0, 2, 9]) + (9060).to_bytes(2, "big")

SETTINGS = WriterSettings(
    batch_wait_ms=0, retry_min_ms=5, retry_max_ms=20, node_flush_seconds=0.05, drain_seconds=20
)


def now_us() -> int:
    """Return the present of these tests, which never moves."""
    return NOW_US


@dataclass
class Rig:
    """A running writer."""

    writer: StorageWriter
    metrics: WriterMetrics
    supervisor: Supervisor

    def counts(self) -> dict[str, int]:
        """Return the counters that are not zero, as name{label}."""
        families = vars(self.metrics).values()
        return {
            f"{family.name.removeprefix('hepscope_writer_')}{{{','.join(labels)}}}": count
            for family in families
            if hasattr(family, "counts")
            for labels, count in family.counts.items()
            if count
        }


def make_bus(
    *, partitions: int = 4, starts: Mapping[TopicPartition, int] | None = None
) -> MemoryBus:
    """Return a bus that holds records back for the writer."""
    return MemoryBus(bus_id="test", partitions=partitions, groups=[GROUP], start_offsets=starts)


def make_writer(bus: MemoryBus, dsn: str, settings: WriterSettings = SETTINGS) -> Rig:
    """Return a writer that is not yet running."""
    metrics = WriterMetrics(CollectorRegistry())
    supervisor = Supervisor()
    writer = StorageWriter(
        settings, bus=bus, dsn=dsn, metrics=metrics, supervisor=supervisor, now_us=now_us
    )
    return Rig(writer, metrics, supervisor)


@asynccontextmanager
async def running(
    bus: MemoryBus, dsn: str, settings: WriterSettings = SETTINGS
) -> AsyncIterator[Rig]:
    """Run a writer for a while; what is on the bus at the end is stored then."""
    rig = make_writer(bus, dsn, settings)
    async with rig.writer:
        yield rig
    if rig.supervisor.failure is not None:
        raise rig.supervisor.failure


def put(bus: MemoryBus, packets: Iterable[bytes], *, per_record: int = 100) -> None:
    """Put packets on the bus as ingest does, at most so many in a record."""
    waiting: dict[TopicPartition, list[bytes]] = {}
    producer = bus.producer()

    def close(where: TopicPartition) -> None:
        found = waiting.pop(where)
        assert producer.offer(*where, b"".join(found), len(found))

    for packet in packets:
        admitted = admit(packet, received_at_us=NOW_US, peer=PEER)
        where = TopicPartition(
            topic_of(admitted.protocol_type), partition_of(admitted.routing_key, bus.partitions)
        )
        waiting.setdefault(where, []).append(admitted.packet)
        if len(waiting[where]) >= per_record:
            close(where)
    for where in list(waiting):
        close(where)


async def store(
    dsn: str, packets: Iterable[bytes], settings: WriterSettings = SETTINGS
) -> dict[str, int]:
    """Store packets by a writer of their own; returns its counters."""
    bus = await resumed_bus(dsn)
    async with running(bus, dsn, settings) as rig:
        put(bus, packets)
    return rig.counts()


async def resumed_bus(dsn: str, *, partitions: int = 4) -> MemoryBus:
    """Return a bus that starts where the database says the last one ended."""
    rows = await fetch(dsn, "select topic, partition, next_offset from hepscope.bus_position")
    starts = {TopicPartition(row[0], row[1]): row[2] for row in rows}
    return make_bus(partitions=partitions, starts=starts)


async def fetch(dsn: str, query: str, *values: object) -> list[asyncpg.Record]:
    """Return the rows of a query."""
    connection = await asyncpg.connect(dsn)
    try:
        found: list[asyncpg.Record] = await connection.fetch(query, *values)
        return found
    finally:
        await connection.close()


async def until(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Return once a condition holds; fails when it does not within the time."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def until_committed(rig: Rig, batches: int, *, seconds: float = 60.0) -> None:
    """Return once a writer has stored so many batches."""
    await until(
        lambda: rig.counts().get("attempts_total{committed}", 0) >= batches, seconds=seconds
    )
