"""Ingest to the memory bus, by UDP and by TLS through real sockets: packets per second of CPU."""

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

TLS_RATE = RATE // 2
"""A TLS record for each packet, as agents send them; the sender's own cost is the bound here."""

SENDER = Path(__file__).with_name("sender.py")


ROUNDS = 3
"""The best counts: what else runs on the machine only ever takes away."""


async def measure(traffic: Path, seconds: float) -> list[Row]:
    """Return packets a second of one core, and the loss at the offered rate."""
    rows = []
    for secure in (False, True):
        found = [await _round(traffic, seconds / ROUNDS, secure=secure) for _ in range(ROUNDS)]
        rows.append(max(found, key=lambda row: row.value))
    return rows


def local(*, secure: bool = False, tls_directory: Path | None = None) -> IngestSettings:
    """Return settings of an ingest that listens on loopback, at one port alone."""
    here = (Listen(host="127.0.0.1", port=0),)
    return IngestSettings(
        udp=() if secure else here,
        tcp=(),
        tls=here if secure else (),
        http=(),
        tls_directory=tls_directory,
    )


async def _round(traffic: Path, seconds: float, *, secure: bool) -> Row:
    bus = MemoryBus(groups=["bench"])
    registry = CollectorRegistry()
    settings = local(secure=secure, tls_directory=traffic.with_name("tls"))
    reader = asyncio.create_task(_discard(bus))
    rate = TLS_RATE if secure else RATE
    async with Ingest(settings, bus, registry, Supervisor()) as ingest:
        port = (ingest.tls if secure else ingest.udp)[0].address.port
        cpu = time.process_time()
        sent = await send(traffic, port, rate, seconds, secure=secure)
        await asyncio.sleep(0.3)
        cpu = time.process_time() - cpu
        transport = {"transport": "tls" if secure else "udp"}
        received = registry.get_sample_value("hepscope_ingest_received_total", transport)
    await cancel(reader)
    assert received is not None
    note = f"{sent:,} offered at {rate:,}/s, {sent - received:,.0f} lost"
    if secure:
        return Row("ingest by TLS to memory bus", received / cpu, "pkt/s/core", note=note)
    return Row("ingest to memory bus", received / cpu, "pkt/s/core", 80e3, note=note)


async def send(
    traffic: Path, port: int, rate: float, seconds: float, *, secure: bool = False
) -> int:
    """Run the sender; returns how many packets it sent."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SENDER), str(traffic), str(port), str(rate), str(seconds),
        *(["tls"] if secure else []), stdout=asyncio.subprocess.PIPE,
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
