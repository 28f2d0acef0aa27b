"""``hepscope replay`` into a database."""

import argparse

import pytest

from hepscope_common.bus.browsing import MemoryBrowser
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.origins import Numbering, headers_of
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import SIGNALLING
from hepscope_common.runtime import StartupError
from hepscope_standalone import replay
from hepscope_standalone.console import utc_text
from integration.storage_writer.rig import NOW_US, SETTINGS, fetch, make_bus, put, running
from support.builders import make_call

pytestmark = pytest.mark.database

SECOND = 1_000_000


def options_into(dsn: str, *words: str) -> argparse.Namespace:
    """Return the options of a replay of everything."""
    parser = argparse.ArgumentParser()
    replay.add_arguments(parser)
    return parser.parse_args(["--from", utc_text(NOW_US - SECOND), "--into", dsn, *words])


def full_bus() -> MemoryBus:
    """Return a bus of 50 calls whose logs begin somewhere."""
    starts = {TopicPartition(SIGNALLING, n): 100 * n for n in range(4)}
    bus = make_bus(partitions=4, starts=starts)
    put(bus, [packet for n in range(50) for packet in make_call(f"call-{n}")], per_record=10)
    return bus


async def test_a_database_gets_the_rows_that_the_first_one_has(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the same ids, as the writer would have stored them."""
    bus = full_bus()
    records = sum(log.end - log.start for log in bus.logs.values())

    assert await replay.replay(options_into(database), MemoryBrowser(bus), SETTINGS) == 0

    rows = await fetch(database, "select id from hepscope.sip order by id")
    calls = await fetch(database, "select distinct message_count from hepscope.call")
    starts = {row["id"] >> 53: (row["id"] >> 10) % (1 << 43) for row in reversed(rows)}
    assert len({row["id"] for row in rows}) == len(rows) == 350
    assert [row["message_count"] for row in calls] == [7]
    assert starts == {n: 100 * n for n in range(4)}
    assert f"350 packets of {records} records stored" in capsys.readouterr().out


async def test_a_database_that_stores_the_bus_is_refused(database: str) -> None:
    """Its rows would be there twice; who wants that says so."""
    bus = full_bus()
    async with running(full_bus(), database, SETTINGS):
        pass

    with pytest.raises(StartupError, match="stores this bus itself"):
        await replay.replay(options_into(database), MemoryBrowser(bus), SETTINGS)
    assert len(await fetch(database, "select from hepscope.sip")) == 350

    options = options_into(database, "--again")
    await replay.replay(options, MemoryBrowser(bus), SETTINGS)
    assert len(await fetch(database, "select from hepscope.sip")) == 700


async def test_what_the_bus_holds_twice_is_stored_once(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers count in a replay as they do in service."""
    bus = make_bus(partitions=1)
    put(bus, make_call())
    (record,) = bus.logs[TopicPartition(SIGNALLING, 0)].read(0, 1_000_000)
    for _ in range(2):
        bus.producer().offer(
            SIGNALLING, 0, record.value, record.packets, headers_of(Numbering(bytes(16), 1))
        )

    await replay.replay(options_into(database), MemoryBrowser(bus), SETTINGS)

    assert len(await fetch(database, "select from hepscope.sip")) == 14
    assert "7 that the bus held twice" in capsys.readouterr().out


async def test_a_database_without_the_schema_is_refused(empty_database: str) -> None:
    """With the command that makes it."""
    with pytest.raises(StartupError, match="hepscope migrate"):
        await replay.replay(options_into(empty_database), MemoryBrowser(full_bus()), SETTINGS)
