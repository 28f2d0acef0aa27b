"""``make bench``: every measurement in one run, as a table and as bench/results.json.

Floors are what must hold on two cores in pure Python; a missed one is told, and makes the exit
code 1, but is never part of the tests: machines differ.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from bench import (
    apart,
    capture,
    codec,
    counting,
    end_to_end,
    exporter,
    ingest,
    loki,
    over_kafka,
    rtcp,
    rtp,
    search,
    sender,
    storing,
    tcp,
    traffic,
    two_writers,
)
from bench.report import Row, table, write_json
from hepscope_common.bus import MemoryBus, TopicPartition
from hepscope_common.runtime import Supervisor, spare_collector
from hepscope_migrations import upgrade
from hepscope_standalone.postgres.component import EmbeddedPostgres
from hepscope_storage_writer.component import GROUP
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.maintainer import Maintainer
from hepscope_storage_writer.settings import WriterSettings

RESULTS = Path(__file__).with_name("results.json")
SECTIONS = (
    "codec",
    "capture",
    "ingest",
    "exporter",
    "loki",
    "storing",
    "kafka",
    "services",
    "end-to-end",
    "search",
)


async def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS)
    options = parser.parse_args()
    scale = 0.1 if options.quick else 1.0
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="hepscope-bench-") as folder:
        # PostgreSQL may run as another user, who must be able to pass.
        Path(folder).chmod(0o711)
        async for found in measure(Path(folder), scale, options.only):
            rows += found
            print(table(found), flush=True)
    print("\n" + table(rows))
    write_json(rows, RESULTS)
    missed = [row.name for row in rows if not row.holds]
    print(f"\nwritten to {RESULTS.name}; " + (f"MISSED: {missed}" if missed else "all floors hold"))
    return 1 if missed else 0


async def measure(folder: Path, scale: float, only: Sequence[str]) -> AsyncIterator[list[Row]]:
    """Yield the rows of each section."""
    now_us = time.time_ns() // 1000
    sample = traffic.packets(20_000, start_us=now_us - 60_000_000)
    file = folder / "traffic"
    sender.write(file, sample)
    # As in every service.
    spare_collector()
    if "codec" in only:
        yield codec.measure(sample[:5000])
    if "capture" in only:
        yield await capture.measure(sample[:5000], seconds=max(2.0, 8 * scale))
        yield tcp.measure(sample[:5000])
        yield rtcp.measure()
        yield rtp.measure()
    if "ingest" in only:
        yield await ingest.measure(file, seconds=max(2.0, 8 * scale))
    if "exporter" in only:
        yield await exporter.measure(
            traffic.packets(int(60_000 * max(scale, 0.3)), start_us=now_us)
        )
    if "loki" in only:
        yield loki.measure(sample)
    if "end-to-end" in only:
        yield await end_to_end.measure(folder / "e2e", file, seconds=max(3.0, 20 * scale))
    if not {"storing", "kafka", "services", "search"}.isdisjoint(only):
        async with EmbeddedPostgres(folder / "store") as database:
            await upgrade(database.dsn)
            count = int(200_000 * scale)
            messages = traffic.packets(count, start_us=now_us - 120_000_000, seed=2)
            if "storing" in only:
                yield await storing.measure(database.dsn, messages, now_us)
            if not {"kafka", "services"}.isdisjoint(only):
                async with over_kafka.broker(folder / "kafka") as found:
                    if found is None:
                        print("no broker: set KAFKA_BOOTSTRAP, or install Java and Maven")
                    else:
                        place = over_kafka.Place(found[0], database.dsn)
                        if "kafka" in only:
                            seconds = max(2.0, 8 * scale)
                            yield await over_kafka.measure(place, file, messages, now_us, seconds)
                            yield await two_writers.measure(place, messages, now_us)
                        if "services" in only:
                            around = [apart.Part("postgresql", database.pid)]
                            around += [apart.Part("kafka", found[1])] if found[1] else []
                            yield await apart.measure(place, around, file, max(5.0, 20 * scale))
            if "search" in only:
                yield await _search(database.dsn, int(1_000_000 * scale), now_us)
                yield await counting.measure(database.dsn, int(1_000_000 * scale))


async def _search(dsn: str, count: int, now_us: int) -> list[Row]:
    """Store a day of messages, then ask."""
    messages = traffic.packets(count, start_us=now_us - 12 * 3600 * 1_000_000, seed=3,
                               per_second=count / 43_200)  # fmt: skip
    step = 100_000
    offsets: dict[TopicPartition, int] = {}
    for at in range(0, count, step):
        bus = MemoryBus(bus_id="bench-search", max_bytes=1 << 40, groups=[GROUP],
                        start_offsets=offsets)  # fmt: skip
        stored = await storing.fill(bus, messages[at : at + step], now_us)
        await storing.store(dsn, bus, stored, WriterSettings())
        offsets = {where: log.end for where, log in bus.logs.items()}
    # As a running hepscope does each minute: newest ranges of BRIN indexes are not summarized
    # by themselves, and would be read whole.
    await Maintainer(dsn, RetentionSettings(), Supervisor()).wake()
    return await search.measure(dsn, messages)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
