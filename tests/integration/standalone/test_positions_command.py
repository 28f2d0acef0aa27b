"""``hepscope positions`` on a real database and logs that expired or were made anew."""

import argparse
import json
from collections.abc import Sequence

import pytest

from hepscope_common.bus.browsing import MemoryBrowser
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import SIGNALLING
from hepscope_common.runtime import StartupError
from hepscope_standalone import positions
from hepscope_storage_writer.component import GROUP
from integration.storage_writer.rig import fetch, make_bus, make_writer, put, running, until
from support.builders import make_call, make_packet, make_request

pytestmark = pytest.mark.database

WHERE = TopicPartition(SIGNALLING, 0)


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    positions.add_arguments(parser)
    return parser.parse_args(words)


def bus_from(start: int, packets: Sequence[bytes] = ()) -> MemoryBus:
    """Return the same bus with another log: it begins at an offset, a record each packet."""
    bus = MemoryBus(bus_id="test", partitions=1, groups=[GROUP], start_offsets={WHERE: start})
    put(bus, packets, per_record=1)
    return bus


async def store_a_call(database: str) -> None:
    """Store seven records."""
    bus = make_bus(partitions=1)
    async with running(bus, database):
        put(bus, make_call(), per_record=1)


async def test_positions_are_listed_with_their_logs(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """How far each is stored, what the log holds, the lag, and the owner."""
    await store_a_call(database)
    browser = MemoryBrowser(bus_from(5, make_call()))

    assert await positions.list_positions(parse("list"), database, browser) == 0

    out = capsys.readouterr().out
    (line,) = [line.split() for line in out.splitlines() if line.startswith(SIGNALLING)]
    assert "bus test" in out
    assert line[:7] == [SIGNALLING, "0", "7", "5", "to", "12", "5"]


async def test_without_a_bus_only_the_database_is_told(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all buses; the standalone command's log lives in its process."""
    await store_a_call(database)

    await positions.list_positions(parse("list", "--json"), database, None)

    found = json.loads(capsys.readouterr().out)["positions"]
    (mine,) = [one for one in found if one["topic"] == SIGNALLING]
    assert (mine["bus_id"], mine["next_offset"], mine["log_end"]) == ("test", 7, None)


async def test_nothing_happens_without_yes(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what it would do, and how many records that gives up."""
    await store_a_call(database)
    browser = MemoryBrowser(bus_from(30))

    code = await positions.accept_gaps(parse("accept-gap", "--all"), database, browser)

    out = capsys.readouterr().out
    assert code == 1
    assert "would go from 7 to 30; 23 records are given up" in out
    assert await fetch(database, "select from hepscope.bus_gap") == []


async def test_after_an_expired_log_the_writer_goes_on(database: str) -> None:
    """It stops before, names the command, and stores what the log holds after."""
    await store_a_call(database)
    later = [make_packet(make_request("INVITE", f"later-{n}")) for n in range(3)]
    stopped = make_writer(bus_from(30, later), database)
    async with stopped.writer:
        await stopped.supervisor.stopped()
    assert isinstance(stopped.supervisor.failure, StartupError)
    assert "hepscope positions accept-gap" in str(stopped.supervisor.failure)

    words = ("accept-gap", "--topic", SIGNALLING, "--partition", "0", "--yes")
    bus = bus_from(30, later)
    assert await positions.accept_gaps(parse(*words), database, MemoryBrowser(bus)) == 0

    async with running(bus, database) as rig:
        await until(lambda: rig.writer.readiness()[0])
        assert rig.writer.given_up_records == 23
    (row,) = await fetch(database, "select count(*) from hepscope.sip")
    assert row[0] == 7 + 3


@pytest.mark.parametrize(("to", "stored"), [((), 7), (("--to", "start"), 9)])
async def test_after_a_log_made_anew_the_operator_chooses(
    database: str, to: tuple[str, ...], stored: int
) -> None:
    """By default the end of the new log, since it may hold what is stored; else its start."""
    await store_a_call(database)
    bus = bus_from(0, [make_packet(make_request("INVITE", f"anew-{n}")) for n in range(2)])

    options = parse("accept-gap", "--all", "--yes", *to)
    assert await positions.accept_gaps(options, database, MemoryBrowser(bus)) == 0

    async with running(bus, database):
        pass
    (row,) = await fetch(database, "select count(*) from hepscope.sip")
    assert row[0] == stored


async def test_a_writer_at_work_is_fenced_off(database: str) -> None:
    """Whatever it thought of its position, it commits nothing more under its epoch."""
    bus = make_bus(partitions=1)
    async with running(bus, database) as rig:
        put(bus, make_call("one"))
        await until(lambda: rig.counts().get("rows_total{sip_call}") == 7)
        options = parse("accept-gap", "--all", "--yes")
        assert await positions.accept_gaps(options, database, MemoryBrowser(bus_from(30))) == 0
        put(bus, make_call("two"))
        await until(lambda: rig.writer.stopped_partitions == 1)

    (row,) = await fetch(database, "select count(*) from hepscope.sip")
    assert row[0] == 7


async def test_no_gap_is_said(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And a partition of which nothing is stored is a mistake."""
    await store_a_call(database)
    browser = MemoryBrowser(bus_from(7))

    assert await positions.accept_gaps(parse("accept-gap", "--all"), database, browser) == 0
    assert "no gap" in capsys.readouterr().out
    words = ("accept-gap", "--topic", SIGNALLING, "--partition", "9")
    with pytest.raises(StartupError, match="no such position"):
        await positions.accept_gaps(parse(*words), database, browser)
    with pytest.raises(StartupError, match="--partition needs --topic"):
        await positions.accept_gaps(
            parse("accept-gap", "--all", "--partition", "1"), database, browser
        )


async def test_a_database_that_is_not_ours_is_one_line(empty_database: str) -> None:
    """It says what to do."""
    with pytest.raises(StartupError, match="hepscope migrate"):
        await positions.list_positions(parse("list"), empty_database, None)


def test_the_operator_is_named() -> None:
    """Name and machine, for the note beside the gap."""
    name, _, machine = positions.who_am_i().partition("@")
    assert name
    assert machine
