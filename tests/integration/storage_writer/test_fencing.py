"""Only one writer stores a partition, however many believe that they own it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import asyncpg
import pytest

from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.topics import SIGNALLING
from hepscope_common.store import copy, gaps
from hepscope_common.store.connection import ACCESS_SETTINGS, WRITER_NAME, Access, connect
from hepscope_common.store.gaps import Gap
from integration.storage_writer.rig import (
    SETTINGS,
    Rig,
    fetch,
    make_bus,
    make_writer,
    put,
    running,
    until,
    until_committed,
)
from support.builders import make_call
from support.postgres import execute

pytestmark = pytest.mark.database

SMALL = SETTINGS.model_copy(update={"batch_packets": 50})
CALLS = 400
OWNERS = f"select owner, epoch from hepscope.bus_position where topic = '{SIGNALLING}'"


def half_bus() -> MemoryBus:
    """Return one of several buses that hold the same records at the same offsets."""
    bus = make_bus(partitions=16)
    put_steps(bus, range(4))
    return bus


def put_rest(bus: MemoryBus) -> None:
    """Put the rest of the messages on a bus, for whoever has its partitions by then."""
    put_steps(bus, range(4, 7))


def put_steps(bus: MemoryBus, steps: range) -> None:
    """Put messages on a bus: each over all calls, so that every batch touches many of them."""
    calls = [make_call(f"call-{n}") for n in range(CALLS)]
    put(bus, [call[step] for step in steps for call in calls], per_record=10)


async def assert_stored_once(database: str) -> None:
    """Check that every packet is stored, once, and every call counts its messages."""
    (rows,) = await fetch(database, "select count(*), count(distinct id) from hepscope.sip")
    calls = await fetch(database, "select call_id, message_count from hepscope.call")
    assert tuple(rows) == (CALLS * 7, CALLS * 7)
    assert len(calls) == CALLS
    assert {row["message_count"] for row in calls} == {7}


@pytest.mark.parametrize("writers", [2, 3])
async def test_writers_that_take_over_from_each_other_store_everything_once(
    database: str, writers: int
) -> None:
    """Each takes over while the ones before run on; the last one finishes."""
    buses = [half_bus() for _ in range(writers)]
    rigs = [make_writer(bus, database, SMALL) for bus in buses]
    for number, rig in enumerate(rigs):
        await rig.writer.__aenter__()
        if number < writers - 1:
            await until_committed(rig, 3)
    await until(lambda: rigs[-1].writer.readiness()[0])
    for bus in buses:
        put_rest(bus)
    await _end(rigs)

    await assert_stored_once(database)
    assert [rig.supervisor.failure for rig in rigs] == [None] * writers
    assert rigs[0].counts()["attempts_total{stale}"] >= 1


async def test_a_writer_that_lost_its_partitions_says_so(database: str) -> None:
    """It stops these partitions, is not ready, and stores nothing more."""
    bus = make_bus(partitions=2)
    other = make_bus(partitions=2)
    async with running(bus, database) as first:
        await until(lambda: first.writer.readiness()[0])
        async with running(other, database) as second:
            await until(lambda: second.writer.readiness()[0])
            put(bus, make_call("one"))
            await until(lambda: first.writer.stopped_partitions > 0)

            ready, reason = first.writer.readiness()

            assert not ready
            assert "another writer" in reason

    assert await fetch(database, "select from hepscope.sip") == []
    assert bus.used_bytes > 0


async def test_a_take_over_waits_for_a_transaction_in_flight(database: str) -> None:
    """A frozen writer's transaction ends before its successor reads the position."""
    bus = make_bus(partitions=1)
    await _make_position(database)
    frozen = await asyncpg.connect(database)
    transaction = frozen.transaction()
    await transaction.start()
    await frozen.execute("update hepscope.bus_position set next_offset = 0")
    async with running(bus, database) as rig:
        await asyncio.wait(asyncio.all_tasks(), timeout=0.2)
        assert rig.writer.readiness() == (False, "partitions not yet taken over")
        await transaction.commit()
        await until(lambda: rig.writer.readiness()[0])
    await frozen.close()


async def test_a_writer_frozen_amid_a_copy_is_ended(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's time-outs do not look there; its successor waits for its own, then ends it."""
    sooner = {**ACCESS_SETTINGS[Access.WRITER], "lock_timeout": "3s"}
    monkeypatch.setitem(cast("dict[Access, object]", ACCESS_SETTINGS), Access.WRITER, sooner)
    bus = make_bus(partitions=1)
    await _make_position(database)
    frozen = await connect(database, Access.WRITER, application_name=f"{WRITER_NAME} 9")
    await frozen.execute("create temp table blob (octets bytea)")
    await frozen.execute("begin; update hepscope.bus_position set next_offset = 5")
    copying = asyncio.create_task(
        frozen.copy_to_table("blob", source=_begun_only(), format="binary")
    )
    async with running(bus, database) as rig:
        put(bus, make_call())
        await until_committed(rig, 1, seconds=120)
    frozen.terminate()
    copying.cancel()
    await asyncio.wait([copying])

    assert len(await fetch(database, "select from hepscope.sip")) == 7


async def test_a_moved_position_is_believed(database: str) -> None:
    """When somebody moves a position by hand, the writer goes on from there."""
    bus = make_bus(partitions=1)
    async with running(bus, database) as rig:
        await until(lambda: rig.writer.readiness()[0])
        await execute(
            database,
            f"update hepscope.bus_position set next_offset = 1 where topic = '{SIGNALLING}'",
        )
        put(bus, make_call("passed over"))
        put(bus, make_call("stored"))

    rows = await fetch(database, "select distinct call_id from hepscope.sip")
    assert [row["call_id"] for row in rows] == ["stored"]
    assert rig.counts()["attempts_total{stale}"] == 1


async def test_a_running_writer_goes_on_past_a_gap(database: str) -> None:
    """An operator's hand fences it off as another writer's does; nobody else took over."""
    bus = make_bus(partitions=1)
    async with running(bus, database) as rig:
        put(bus, make_call("before"))
        await until_committed(rig, 1)
        await accept_gap(database, 3)
        put(bus, make_call("given up"), per_record=3)
        put(bus, make_call("stored"))
        await until_committed(rig, 2)
        assert rig.writer.readiness() == (True, "storing")
        assert rig.writer.given_up_records == 3

    rows = await fetch(database, "select distinct call_id from hepscope.sip order by 1")
    assert [row["call_id"] for row in rows] == ["before", "stored"]


async def test_a_gap_is_noticed_though_nothing_comes(database: str) -> None:
    """At the next look at the positions."""
    bus = make_bus(partitions=1)
    put(bus, make_call())
    async with running(bus, database) as rig:
        await until_committed(rig, 1)
        await accept_gap(database, 0)
        await until(
            lambda: (rig.writer.given_up_records, rig.writer.readiness()[0]) == (1, True),
            seconds=60,
        )

    (row,) = await fetch(database, OWNERS)
    assert tuple(row) == (rig.writer.owner, 3)


async def test_what_another_writer_took_is_not_taken_back(database: str) -> None:
    """Not even when a gap is accepted of it later: that is for its owner to notice."""
    bus, other = make_bus(partitions=1), make_bus(partitions=1)
    async with running(bus, database) as first:
        await until(lambda: first.writer.readiness()[0])
        async with running(other, database) as second:
            await until(lambda: second.writer.readiness()[0])
            put(bus, make_call())
            await until(lambda: first.writer.stopped_partitions == 1)
            await accept_gap(database, 0)
            put(other, make_call())
            await until(lambda: second.writer.given_up_records == 1)
            await until(lambda: second.writer.lag_records + second.writer.backlog_bytes == 0)

            assert first.writer.stopped_partitions == 1

    (row,) = await fetch(database, OWNERS)
    assert row[0] == second.writer.owner


async def test_two_members_of_a_group_share_the_partitions(database: str) -> None:
    """Writers on one bus divide its partitions and hand them over as they come and go."""
    bus = half_bus()
    first, second = make_writer(bus, database, SMALL), make_writer(bus, database, SMALL)
    async with first.writer:
        await until_committed(first, 2)
        async with second.writer:
            await until(lambda: second.writer.readiness()[0])
            put_rest(bus)
            await until_committed(second, 2)
            await until(lambda: second.writer.lag_records + first.writer.lag_records == 0)
    assert first.supervisor.failure is None
    assert second.supervisor.failure is None

    await assert_stored_once(database)


async def accept_gap(database: str, records: int) -> None:
    """Accept a gap of so many records in the signalling; none is one that tells of a new log."""
    connection = await asyncpg.connect(database)
    (at,) = [at for at in await gaps.standings(connection) if at.topic == SIGNALLING]
    gap = Gap(at, at.next_offset + records, max(records, 1))
    assert await gaps.accept(connection, gap, "me@here")
    await connection.close()


async def _begun_only() -> AsyncIterator[bytes]:
    yield copy.HEADER
    await asyncio.Event().wait()


async def _end(rigs: Sequence[Rig]) -> None:
    for rig in reversed(rigs):
        await rig.writer.__aexit__(None, None, None)


async def _make_position(database: str) -> None:
    async with running(make_bus(partitions=1), database) as rig:
        await until(lambda: rig.writer.readiness()[0])
