"""Kafka to PostgreSQL by one writer and by two, each in a process of its own.

The writers have joined their group and are stopped (SIGSTOP) while the topic is filled; the time
runs from when they go on until everything is stored.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx

from bench.over_kafka import Place, bus_of, prefix_of
from bench.report import Row
from bench.storing import fill
from hepscope_common.bus import TOPICS

SESSION_SECONDS = 120
"""Longer than filling takes: nobody must be put out of the group meanwhile."""

ROUNDS = 2
"""In turns, and the best counts: what else runs on the machine only ever takes away."""

JOIN_SECONDS = 60.0

SLOWEST = 1_000
"""Rows a second; slower means that something is wrong."""

Samples = Sequence[tuple[str, dict[str, str], float]]


async def measure(place: Place, messages: Sequence[bytes], now_us: int) -> list[Row]:
    """Return rows a second of one writer and of two, with call records."""
    found = [
        [await _rate(place, messages, now_us, writers, attempt) for writers in (1, 2)]
        for attempt in range(ROUNDS)
    ]
    one, two = (max(rates) for rates in zip(*found, strict=True))
    note = f"{two / one:.2f} times one; Kafka and the database are on the same cores"
    return [
        Row("Kafka to PostgreSQL, a writer process", one, "rows/s", note="with calls"),
        Row("Kafka to PostgreSQL, two writer processes", two, "rows/s", note=note),
    ]


async def _rate(
    place: Place, messages: Sequence[bytes], now_us: int, writers: int, attempt: int
) -> float:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from support.daemon import Daemon  # noqa: PLC0415 - beside the tests, not installed

    name = f"writers-{writers}-{attempt}"
    settings = {
        "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": place.bootstrap,
        "HEPSCOPE_BUS__TOPIC_PREFIX": prefix_of(name),
        "HEPSCOPE_BUS__SESSION_SECONDS": str(SESSION_SECONDS),
        "HEPSCOPE_STORE__DSN": place.dsn,
        "HEPSCOPE_WRITER__SYNCHRONOUS_COMMIT": "off",
    }
    async with bus_of(place, name) as bus, httpx.AsyncClient(trust_env=False) as client:
        with ExitStack() as stack:
            daemons = [
                stack.enter_context(Daemon("hepscope_storage_writer", settings))
                for _ in range(writers)
            ]
            addresses = [daemon.ops for daemon in daemons]
            share = len(TOPICS) * bus.partitions // writers
            await _until(
                client, addresses, lambda found: all(_owned(one) == share for one in found),
                JOIN_SECONDS,
            )  # fmt: skip
            for daemon in daemons:
                daemon.process.send_signal(signal.SIGSTOP)
            count = await fill(bus, messages, now_us)
            start = time.perf_counter()
            for daemon in daemons:
                daemon.process.send_signal(signal.SIGCONT)
            await _until(
                client, addresses, lambda found: sum(_stored(one) for one in found) >= count,
                count / SLOWEST,
            )  # fmt: skip
            return count / (time.perf_counter() - start)


async def _until(
    client: httpx.AsyncClient,
    addresses: Sequence[str],
    holds: Callable[[list[Samples]], bool],
    seconds: float,
) -> None:
    """Return once the metrics of the writers are as wanted; raises TimeoutError."""
    from support.service import Metrics  # noqa: PLC0415

    async with asyncio.timeout(seconds):
        while True:
            texts = [(await client.get(f"{ops}/metrics")).text for ops in addresses]
            if holds([Metrics(text).samples for text in texts]):
                return
            await asyncio.sleep(0.1)


def _owned(samples: Samples) -> int:
    return sum(name == "hepscope_bus_lag_records" for name, _, _ in samples)


def _stored(samples: Samples) -> float:
    return sum(value for name, _, value in samples if name == "hepscope_writer_rows_total")
