"""``hepscope replay``: feed a time range of the bus again, to a HEP server or into a database.

A range counts by the times at which the bus took records, and ends at the latest where the logs
ended when the command began. Into a database it stores as the storage writer does, with the same
row ids, but under a bus id of its own: positions of the real bus are neither used nor moved.
"""

import argparse
import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from prometheus_client import CollectorRegistry

import hepscope_migrations
from hep import DecodeError, scan
from hepscope_common.bus.browsing import Browser, LogRange, Taken
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import OffsetOutOfRange, Record, TopicPartition
from hepscope_common.bus.topics import TOPICS
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_common.store import gaps
from hepscope_common.store.connection import Access
from hepscope_standalone import config_file
from hepscope_standalone.console import parse_time
from hepscope_standalone.database_session import session
from hepscope_standalone.offering import Offering, target_of
from hepscope_standalone.settings import StandaloneSettings
from hepscope_storage_writer.component import GROUP, StorageWriter
from hepscope_storage_writer.metrics import WriterMetrics
from hepscope_storage_writer.settings import WriterSettings

READ_BYTES = 4 * 1024 * 1024
"""Read of one partition before the next has its turn, so that time goes on evenly in all."""

_HEP = ("udp://", "tcp://")
_DATABASE = ("postgresql://", "postgres://")

Ranges = Mapping[TopicPartition, LogRange]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``replay``."""
    config_file.add_arguments(parser)
    parser.add_argument(
        "--from",
        dest="start",
        type=parse_time,
        required=True,
        metavar="TIME",
        help="2026-01-31 or 2026-01-31T12:00:00Z (UTC)",
    )
    parser.add_argument(
        "--to", dest="end", type=parse_time, metavar="TIME", help="up to, not including (now)"
    )
    parser.add_argument(
        "--topic",
        dest="topics",
        action="append",
        choices=TOPICS,
        metavar="TOPIC",
        help=f"one of {', '.join(TOPICS)}; may be repeated (default: all)",
    )
    parser.add_argument(
        "--into",
        required=True,
        metavar="TARGET",
        help="udp://HOST:PORT, tcp://HOST:PORT or postgresql://...",
    )
    parser.add_argument(
        "--rate", type=float, metavar="N", help="packets a second to a HEP server (udp: 5000)"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="also into a database that stores this bus: what it has is then there twice",
    )


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code. Raises StartupError."""
    return asyncio.run(_run(options, config_file.load_settings(options)))


async def _run(options: argparse.Namespace, settings: StandaloneSettings) -> int:
    from hepscope_common.bus.kafka_browser import browse  # noqa: PLC0415 - only with Kafka

    async with browse(settings.bus) as browser:
        return await replay(options, browser, settings.writer)


async def replay(options: argparse.Namespace, browser: Browser, settings: WriterSettings) -> int:
    """Feed the range to where it shall go."""
    if options.end is not None and options.end <= options.start:
        raise StartupError("--to lies before --from: nothing to replay")
    if options.rate is not None and not options.rate > 0:
        raise StartupError("--rate must be above 0")
    try:
        if options.into.startswith(_HEP):
            return await _to_server(options, browser)
        if options.into.startswith(_DATABASE):
            return await _to_database(options, browser, settings)
    except OffsetOutOfRange as error:
        raise StartupError(f"the bus dropped records while they were read: {error}") from error
    raise StartupError("--into takes udp://, tcp:// or postgresql://")


async def range_of(
    browser: Browser, start_us: int, end_us: int | None, topics: Sequence[str]
) -> dict[TopicPartition, LogRange]:
    """Return the offsets of a range of time in each partition of topics."""
    logs = {at: log for at, log in (await browser.ranges()).items() if at.topic in topics}
    starts = await browser.offsets_at(start_us, logs)
    ends = {} if end_us is None else await browser.offsets_at(end_us, logs)
    return {
        # The log goes on: what comes after the first look is not part of it.
        at: LogRange(min(starts[at], log.end), min(ends.get(at, log.end), log.end))
        for at, log in sorted(logs.items())
    }


async def records_of(browser: Browser, ranges: Ranges) -> AsyncIterator[Record]:
    """Yield the records of ranges, in order within each partition, all partitions in turn."""
    at = {where: log.start for where, log in ranges.items()}
    open_logs = [where for where, log in ranges.items() if log.start < log.end]
    while open_logs:
        for where in list(open_logs):
            end = ranges[where].end
            taken = await browser.read(where, at[where], max_bytes=READ_BYTES)
            for record in _before(taken, end):
                yield record
            at[where] = taken[-1].record.offset + 1 if taken else end
            if at[where] >= end:
                open_logs.remove(where)


def _before(taken: Sequence[Taken], end: int) -> list[Record]:
    return [one.record for one in taken if one.record.offset < end]


# To a HEP server


async def _to_server(options: argparse.Namespace, browser: Browser) -> int:
    target = target_of(options.into)
    ranges = await _ranges(options, browser)
    records = broken = 0
    with Offering(target, rate=options.rate) as offering:
        async for record in records_of(browser, ranges):
            records += 1
            try:
                packets = scan(record.value)
            except DecodeError:
                broken += 1
                continue
            for packet in packets:
                offering.offer(packet)
        offering.finish()
    counts = offering.counts
    print(f"{counts.sent} packets of {records} records sent to {target}")
    left = counts.skipped + counts.too_large
    if left or broken:
        print(f"not sent: {left} packets, {broken} broken records")
    return 0


async def _ranges(options: argparse.Namespace, browser: Browser) -> dict[TopicPartition, LogRange]:
    return await range_of(browser, options.start, options.end, options.topics or TOPICS)


# Into a database


@dataclass(slots=True)
class _Feed:
    """The records of a range on their way to a writer of their own."""

    browser: Browser
    ranges: Ranges
    bus: MemoryBus
    records: int = 0

    async def run(self) -> None:
        """Put every record on the bus, waiting for the database as long as it needs."""
        producer = self.bus.producer()
        async for record in records_of(self.browser, self.ranges):
            await producer.send(
                record.topic, record.partition, record.value, record.packets, record.headers
            )
            self.records += 1


async def _to_database(
    options: argparse.Namespace, browser: Browser, settings: WriterSettings
) -> int:
    dsn = options.into
    await _check(dsn, browser.bus_id, again=options.again)
    ranges = await _ranges(options, browser)
    feed = _Feed(browser, ranges, _bus_for(ranges))
    metrics, supervisor = WriterMetrics(CollectorRegistry()), Supervisor()
    writer = StorageWriter(settings, bus=feed.bus, dsn=dsn, metrics=metrics, supervisor=supervisor)
    async with writer:
        is_whole = await supervisor.unless_stopped(feed.run())
    if not is_whole or supervisor.failure is not None:
        raise StartupError(f"replay ended early: {supervisor.failure}") from supervisor.failure
    rows = sum(metrics.rows.counts.values())
    letters = sum(metrics.dead_letters.counts.values())
    twice = sum(metrics.duplicates.counts.values())
    print(f"{rows} packets of {feed.records} records stored")
    if letters or twice:
        print(f"not stored: {letters} that cannot be, {twice} that the bus held twice")
    return 0


async def _check(dsn: str, bus_id: str, *, again: bool) -> None:
    """Raise StartupError unless the database can take a replay of this bus."""
    try:
        found = await hepscope_migrations.current(dsn)
    except (OSError, asyncpg.PostgresError, hepscope_migrations.MigrationError) as error:
        raise StartupError(f"the database does not answer: {error}") from error
    if found != hepscope_migrations.head():
        raise StartupError(f"the database has schema {found}: run hepscope migrate --dsn first")
    async with session(dsn, Access.WRITER, "replay") as connection:
        if await gaps.standings(connection, bus_id) and not again:
            raise StartupError(
                "this database stores this bus itself, so what it has would be there twice;"
                " --again does it all the same"
            )


def _bus_for(ranges: Ranges) -> MemoryBus:
    """Return a bus whose records get the offsets that they have, and thereby the same row ids."""
    return MemoryBus(
        bus_id=f"replay-{uuid.uuid4()}",
        partitions=max((at.partition for at in ranges), default=0) + 1,
        groups=[GROUP],
        start_offsets={at: log.start for at, log in ranges.items()},
    )
