"""End to end: datagrams in, committed rows out, everything on this machine's cores.

The rate is raised step by step. A step is sustained when nothing was lost between the sender
and the table and the backlog was gone within a short grace after the sender stopped.
"""

import asyncio
import time
from pathlib import Path

import httpx

from bench.ingest import send
from bench.report import Row
from bench.service import Running, running

RATES = (
    5_000,
    7_500,
    9_000,
    10_000,
    11_000,
    12_000,
    13_500,
    15_000,
    17_500,
    20_000,
    25_000,
    30_000,
)
GRACE_SECONDS = 1.5
"""A backlog that is larger grew while the sender ran."""

STUCK_SECONDS = 10.0
"""Without a further row for so long, what is missing is lost."""


async def measure(data_dir: Path, traffic: Path, seconds: float) -> list[Row]:
    """Return the highest sustained rate, the loss in it, and the memory of the process."""
    best, note = 0.0, ""
    async with running(data_dir) as service, httpx.AsyncClient(trust_env=False) as client:
        quiet = service.memory_bytes()
        for rate in RATES:
            sustained, told = await _step(service, client, traffic, rate, seconds)
            if not sustained:
                note = f"{note}; not at {rate:,}/s: {told}"
                break
            best, note = rate, told
        busy = service.memory_bytes()
    return [
        Row("end to end, sustained", best, "pkt/s", 15e3, note=note),
        Row("memory, at rest", quiet / 1e6, "MB", 300, higher_is_better=False,
            note="all five services in one process, without PostgreSQL"),
        Row("memory, under load", busy / 1e6, "MB", 600, higher_is_better=False,
            note="peak; the bus may hold 64 MB"),
    ]  # fmt: skip


async def _step(
    service: Running, client: httpx.AsyncClient, traffic: Path, rate: float, seconds: float
) -> tuple[bool, str]:
    async def stored() -> float:
        return await service.metric(client, "hepscope_writer_rows_total")

    before = await stored()
    sent = await send(traffic, service.hep, rate, seconds)
    ended = time.monotonic()
    rows, progressed = 0.0, ended
    while rows < sent and time.monotonic() - progressed < STUCK_SECONDS:
        await asyncio.sleep(0.1)
        seen = await stored() - before
        if seen > rows:
            rows, progressed = seen, time.monotonic()
    late = time.monotonic() - ended
    drops = await service.metric(client, "hepscope_ingest_udp_kernel_drops")
    told = f"{sent:,} sent, {rows:,.0f} stored, caught up {late:.1f} s later"
    if rows < sent:
        told += f", the kernel dropped {drops:,.0f}"
    return rows == sent and late <= GRACE_SECONDS, told
