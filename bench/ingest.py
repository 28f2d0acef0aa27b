"""Ingest to the memory bus, through a real UDP socket: packets per second of CPU."""

import asyncio
import sys
import time
from pathlib import Path

from prometheus_client import CollectorRegistry

from bench.report import Row
from hepscope_common.bus import TOPICS, MemoryBus, TopicPartition
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.settings import Listen
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings

RATE = 40_000
"""Offered a second: enough to fill the turns of the loop, below what the core can take."""

SENDER = Path(__file__).with_name("sender.py")


ROUNDS = 3
"""The best counts: what else runs on the machine only ever takes away."""


async def measure(traffic: Path, seconds: float) -> list[Row]:
    """Return packets a second of one core, and the loss at the offered rate."""
    rounds = [await _round(traffic, seconds / ROUNDS) for _ in range(ROUNDS)]
    return [max(rounds, key=lambda row: row.value)]


async def _round(traffic: Path, seconds: float) -> Row:
    bus = MemoryBus(groups=["bench"])
    registry = CollectorRegistry()
    settings = IngestSettings(udp=(Listen(host="127.0.0.1", port=0),), tcp=())
    reader = asyncio.create_task(_discard(bus))
    async with Ingest(settings, bus, registry, Supervisor()) as ingest:
        port = ingest.udp[0].address.port
        cpu = time.process_time()
        sent = await send(traffic, port, RATE, seconds)
        await asyncio.sleep(0.3)
        cpu = time.process_time() - cpu
        received = registry.get_sample_value("hepscope_ingest_received_total", {"transport": "udp"})
    await cancel(reader)
    assert received is not None
    lost = sent - received
    note = f"{sent:,} offered at {RATE:,}/s, {lost:,.0f} lost"
    return Row("ingest to memory bus", received / cpu, "pkt/s/core", 80e3, note=note)


async def send(traffic: Path, port: int, rate: float, seconds: float) -> int:
    """Run the sender; returns how many packets it sent."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SENDER), str(traffic), str(port), str(rate), str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    return int(output.split()[0])


async def _discard(bus: MemoryBus) -> None:
    async with bus.consumer("bench", TOPICS) as consumer:
        while True:
            records = await consumer.poll(max_bytes=1 << 20, timeout_seconds=1)
            consumer.commit(
                {TopicPartition(one.topic, one.partition): one.offset + 1 for one in records}
            )
