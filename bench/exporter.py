"""The metrics exporter alone: messages a second on one core, and memory under distinct Call-IDs.

Everything is on: attempts of all nodes and of each, named addresses, heplify's names. The records
are those of ingest, in memory, so that the bus costs nothing.
"""

import asyncio
import tracemalloc
from collections.abc import Sequence
from time import process_time

from prometheus_client import CollectorRegistry

from bench.report import Row
from hep import admit, decode3
from hepscope_common.bus import SIGNALLING, MemoryBus
from hepscope_common.names import Names, NamesSettings
from hepscope_common.runtime import Supervisor
from hepscope_metrics_exporter.component import GROUP, Exporter
from hepscope_metrics_exporter.settings import MetricsSettings

ROUNDS = 3
RECORD_PACKETS = 100
PEER = bytes((127, 0, 0, 1, 0, 80))
FLOOR = 20e3
MAX_ATTEMPTS = 20_000
"""Of the round that measures memory: few enough that the traffic passes it several times over."""


async def measure(messages: Sequence[bytes]) -> list[Row]:
    """Return rate and memory for these HEP3 packets."""
    records = _records(messages)
    best = min([await _count(records, MetricsSettings()) for _ in range(ROUNDS)])
    rate = len(messages) / best
    tracemalloc.start()
    try:
        bounded = MetricsSettings(max_attempts=MAX_ATTEMPTS, max_sessions=MAX_ATTEMPTS)
        size = await _memory(records, bounded)
    finally:
        tracemalloc.stop()
    note = f"attempts, 2 views, {1e6 / rate:.0f} us a message"
    return [
        Row("exporter, one core", rate, "msg/s", FLOOR, note=note),
        Row("exporter, memory", size / 2**20, "MiB", 64, higher_is_better=False,
            note=f"bounded to {MAX_ATTEMPTS} transactions and sessions"),
    ]  # fmt: skip


def _records(messages: Sequence[bytes]) -> list[bytes]:
    arrived = [
        admit(data, received_at_us=decode3(data).time_us, peer=PEER).packet for data in messages
    ]
    return [
        b"".join(arrived[at : at + RECORD_PACKETS]) for at in range(0, len(arrived), RECORD_PACKETS)
    ]


async def _counted(records: Sequence[bytes], settings: MetricsSettings) -> Exporter:
    """Return an exporter that has counted all records."""
    bus = MemoryBus(partitions=1, groups=[GROUP], max_bytes=1 << 40)
    producer = bus.producer()
    for record in records:
        producer.offer(SIGNALLING, 0, record, RECORD_PACKETS)
    names = Names(NamesSettings(target_ip=("10.9.0.1",), target_name=("carrier",)))
    registry = CollectorRegistry()
    exporter = Exporter(settings, bus, registry, Supervisor(), names)
    labels = {"node": "2001", "type": "sip", "version": "3"}
    async with exporter:
        while bus.used_bytes or not registry.get_sample_value("hepscope_packets_total", labels):
            await asyncio.sleep(0.05)
    return exporter


async def _count(records: Sequence[bytes], settings: MetricsSettings) -> float:
    """Return the processor time, in seconds, of counting everything."""
    begin = process_time()
    await _counted(records, settings)
    return process_time() - begin


async def _memory(records: Sequence[bytes], settings: MetricsSettings) -> int:
    """Return the bytes that an exporter holds once it has counted everything."""
    before = tracemalloc.get_traced_memory()[0]
    exporter = await _counted(records, settings)
    size = tracemalloc.get_traced_memory()[0] - before
    del exporter
    return size
