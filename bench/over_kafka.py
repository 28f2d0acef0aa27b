"""Over a real broker: ingest to Kafka, reading it back, and Kafka to PostgreSQL.

The broker is the one of the tests (``tests/support/kafka.py``) or that of KAFKA_BOOTSTRAP; it runs
on the same cores, so rates are lower bounds, and of ingest and reading only our own CPU counts.
"""

import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from bench.ingest import RATE, ROUNDS, local, send
from bench.report import Row
from bench.storing import fill, store
from hepscope_common.bus import TOPICS
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import Supervisor
from hepscope_ingest.component import Ingest
from hepscope_storage_writer.settings import SynchronousCommit, WriterSettings


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[tuple[str, int | None] | None]:
    """Give the address of a broker, and its process if it is ours; None where there is none."""
    existing = os.environ.get("KAFKA_BOOTSTRAP")
    if existing:
        yield existing, None
        return
    if not (shutil.which("java") and shutil.which("mvn")):
        yield None
        return
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support.kafka import KafkaServer  # noqa: PLC0415 - only where it can run

    folder.mkdir()
    server = KafkaServer(folder)
    server.start()
    try:
        yield server.bootstrap, server.process.pid if server.process else None
    finally:
        server.stop()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a broker and a migrated database are."""

    bootstrap: str
    dsn: str


async def measure(
    place: Place, traffic: Path, messages: Sequence[bytes], now_us: int, seconds: float
) -> list[Row]:
    """Return what each step costs."""
    rounds = [await _ingest(place, traffic, seconds / ROUNDS) for _ in range(ROUNDS)]
    return [
        max(rounds, key=lambda row: row.value),
        await _read(place, messages, now_us),
        await _store(place, messages, now_us, calls=False),
        await _store(place, messages, now_us, calls=True),
    ]


async def _ingest(place: Place, traffic: Path, seconds: float) -> Row:
    registry = CollectorRegistry()
    async with (
        bus_of(place, "ingest") as bus,
        Ingest(local(), bus, registry, Supervisor()) as ingest,
    ):
        port = ingest.udp[0].address.port
        cpu = time.process_time()
        sent = await send(traffic, port, RATE / 2, seconds)
        await bus.producer().flush()
        cpu = time.process_time() - cpu
        received = registry.get_sample_value("hepscope_ingest_received_total", {"transport": "udp"})
    assert received is not None
    note = f"{sent:,} offered at {RATE // 2:,}/s, {sent - received:,.0f} lost"
    return Row("ingest to Kafka", received / cpu, "pkt/s/core", 60e3, note=note)


async def _read(place: Place, messages: Sequence[bytes], now_us: int) -> Row:
    async with bus_of(place, "read") as bus:
        count = await fill(bus, messages, now_us)
        async with bus.consumer("bench", TOPICS) as consumer:
            seen, cpu = 0, time.process_time()
            while seen < count:
                records = await consumer.poll(max_bytes=1 << 20, timeout_seconds=1)
                seen += sum(record.packets for record in records)
            cpu = time.process_time() - cpu
    return Row("reading from Kafka", count / cpu, "pkt/s/core", 200e3, note=f"{count:,} packets")


async def _store(place: Place, messages: Sequence[bytes], now_us: int, *, calls: bool) -> Row:
    # What a crash of the database loses is read again, so its commits need not wait for the disk.
    settings = WriterSettings(calls=calls, synchronous_commit=SynchronousCommit.OFF)
    times = []
    for attempt in range(ROUNDS):
        async with bus_of(place, f"store-{calls}-{attempt}") as bus:
            count = await fill(bus, messages, now_us)
            times.append(await store(place.dsn, bus, count, settings))
    name = "with calls" if calls else "messages only"
    return Row(
        f"Kafka to PostgreSQL, {name}",
        count / min(times),
        "rows/s",
        15e3 if calls else 25e3,
        note=f"{count:,} messages, one writer",
    )


def prefix_of(name: str) -> str:
    """Return the prefix of topics and groups of a measurement of this run."""
    return f"bench-{os.getpid()}-{name}-"


def bus_of(place: Place, name: str) -> KafkaBus:
    """Return a bus with topics of its own."""
    settings = BusSettings(bootstrap_servers=(place.bootstrap,), topic_prefix=prefix_of(name))
    return KafkaBus(settings, CollectorRegistry(), Supervisor())
