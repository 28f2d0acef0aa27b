"""Bus to PostgreSQL: rows a second of one writer, with and without call records."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

import asyncpg
from prometheus_client import CollectorRegistry

from bench.report import Row
from hep import admit, partition_of
from hepscope_common.bus import SIGNALLING, Bus, MemoryBus
from hepscope_common.runtime import Supervisor
from hepscope_storage_writer.component import GROUP, StorageWriter
from hepscope_storage_writer.metrics import WriterMetrics
from hepscope_storage_writer.settings import WriterSettings

ROUNDS = 3
"""The best counts: what else runs on the machine only ever takes away."""

_SIZES = """
select sum(pg_table_size(leaf.relid)), sum(pg_indexes_size(leaf.relid))
from unnest(array['hepscope.sip'::regclass, 'hepscope.call'::regclass]) root,
     pg_partition_tree(root) leaf
where leaf.isleaf
"""

PER_RECORD = 85
"""Packets in a record of 64 kB."""


async def fill(bus: Bus, messages: Sequence[bytes], received_at_us: int) -> int:
    """Put messages on a bus as ingest does; returns how many."""
    producer = bus.producer()
    open_records: dict[int, list[bytes]] = defaultdict(list)

    async def close(partition: int) -> None:
        record = open_records.pop(partition)
        await producer.send(SIGNALLING, partition, b"".join(record), len(record))

    for data in messages:
        admitted = admit(data, received_at_us=received_at_us, peer=b"\x7f\0\0\1\0\x50")
        partition = partition_of(admitted.routing_key, bus.partitions)
        open_records[partition].append(admitted.packet)
        if len(open_records[partition]) >= PER_RECORD:
            await close(partition)
    for partition in list(open_records):
        await close(partition)
    await producer.flush()
    return len(messages)


async def store(dsn: str, bus: Bus, count: int, settings: WriterSettings) -> float:
    """Store the messages on a bus; returns the seconds it took, once partitions were assigned."""
    supervisor, registry = Supervisor(), CollectorRegistry()
    metrics = WriterMetrics(registry)
    writer = StorageWriter(settings, bus=bus, dsn=dsn, metrics=metrics, supervisor=supervisor)
    async with writer:
        while not writer.readiness()[0] and supervisor.failure is None:
            await asyncio.sleep(0.001)
        start = time.perf_counter()
        while sum(metrics.rows.counts.values()) < count and supervisor.failure is None:
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - start
    if supervisor.failure is not None:
        raise supervisor.failure
    return seconds


async def measure(dsn: str, messages: Sequence[bytes], now_us: int) -> list[Row]:
    """Return rows a second with calls off and on."""
    rows = []
    for calls, floor in ((False, 25e3), (True, 15e3)):
        times = []
        for attempt in range(ROUNDS):
            bus_id = f"bench-{calls}-{attempt}"
            bus = MemoryBus(bus_id=bus_id, max_bytes=1 << 40, groups=[GROUP])
            count = await fill(bus, messages, now_us)
            times.append(await store(dsn, bus, count, WriterSettings(calls=calls)))
        seconds = min(times)
        name = "bus to PostgreSQL, with calls" if calls else "bus to PostgreSQL, messages only"
        rows.append(Row(name, count / seconds, "rows/s", floor, note=f"{count:,} messages"))
    return [*rows, *await _sizes(dsn)]


async def _sizes(dsn: str) -> list[Row]:
    """Return the bytes that a message takes, its share of the call records included."""
    connection = await asyncpg.connect(dsn)
    try:
        messages = await connection.fetchval("select count(*) from hepscope.sip")
        found = await connection.fetchrow(_SIZES)
    finally:
        await connection.close()
    assert found is not None
    heap, indexes = int(found[0]), int(found[1])
    note = f"{messages:,} messages of 630 bytes of SIP, half of them with call records"
    return [
        Row("bytes per stored message, without indexes", heap / messages, "B", note=note),
        Row("bytes per stored message", (heap + indexes) / messages, "B", 1050,
            higher_is_better=False, note=note),
    ]  # fmt: skip
