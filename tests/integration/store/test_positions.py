"""Bus positions: taking over, advancing, and the fence between two owners."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from hepscope_common.store.connection import Access, connect
from hepscope_common.store.positions import Advance, Position, compare_and_set, read, take_over

BUS = "bus-1"
TOPIC = "hep.signalling.v1"
STARTS = {(TOPIC, 0): 0, (TOPIC, 1): 7}

pytestmark = pytest.mark.database


@pytest.fixture
async def writers(database: str) -> AsyncIterator[list[asyncpg.Connection]]:
    """Three writers' sessions."""
    sessions = [
        await connect(database, Access.WRITER, application_name=f"writer {number}")
        for number in range(3)
    ]
    yield sessions
    for session in sessions:
        session.terminate()


async def test_first_take_over_starts_where_told_and_later_ones_where_stored(
    writers: list[asyncpg.Connection],
) -> None:
    """A start counts only for a partition that nobody has stored from; each take-over adds one."""
    first = await take_over(writers[0], BUS, STARTS, "a")
    assert first == {(TOPIC, 0): Position(0, 1), (TOPIC, 1): Position(7, 1)}

    assert await compare_and_set(writers[0], BUS, [Advance(TOPIC, 1, 7, 1, 20)])
    second = await take_over(writers[1], BUS, dict.fromkeys(STARTS, 99), "b")

    assert second == {(TOPIC, 0): Position(0, 2), (TOPIC, 1): Position(20, 2)}
    assert await read(writers[2], BUS) == second


async def test_buses_do_not_see_each_other(writers: list[asyncpg.Connection]) -> None:
    """The same topic and partition of another bus is another row."""
    await take_over(writers[0], BUS, STARTS, "a")

    assert await read(writers[0], "bus-2") == {}
    assert (await take_over(writers[0], "bus-2", {(TOPIC, 0): 3}, "a")) == {
        (TOPIC, 0): Position(3, 1)
    }


@pytest.mark.parametrize(
    ("old", "epoch"), [(1, 1), (0, 2), (0, 0)], ids=["offset", "newer epoch", "older epoch"]
)
async def test_advance_of_another_state_is_refused(
    writers: list[asyncpg.Connection], old: int, epoch: int
) -> None:
    """Offset and epoch must both be as stored; one wrong among many refuses all."""
    await take_over(writers[0], BUS, STARTS, "a")
    advances = [Advance(TOPIC, 1, 7, 1, 8), Advance(TOPIC, 0, old, epoch, 5)]

    assert not await compare_and_set(writers[0], BUS, advances)


async def test_nothing_to_advance_succeeds(writers: list[asyncpg.Connection]) -> None:
    """A batch without positions is as expected."""
    assert await compare_and_set(writers[0], BUS, [])


async def test_two_advances_of_one_partition_are_a_mistake(
    writers: list[asyncpg.Connection],
) -> None:
    """Which of both would win is undefined, so neither is sent."""
    with pytest.raises(ValueError, match="two advances"):
        await compare_and_set(
            writers[0], BUS, [Advance(TOPIC, 0, 0, 1, 1), Advance(TOPIC, 0, 0, 1, 2)]
        )


async def test_take_over_waits_for_a_transaction_in_flight_and_sees_its_end(
    writers: list[asyncpg.Connection],
) -> None:
    """Whatever the previous owner has begun to store is counted; nothing afterwards is."""
    old, new, observer = writers
    await take_over(old, BUS, STARTS, "a")
    transaction = old.transaction()
    await transaction.start()
    assert await compare_and_set(old, BUS, [Advance(TOPIC, 0, 0, 1, 10)])

    taking = asyncio.create_task(take_over(new, BUS, STARTS, "b"))
    await _waits_for_lock(observer, new.get_server_pid())
    await transaction.commit()

    assert (await taking)[(TOPIC, 0)] == Position(10, 2)
    assert not await compare_and_set(old, BUS, [Advance(TOPIC, 0, 10, 1, 20)])


async def test_frozen_owner_is_fenced_when_it_wakes(writers: list[asyncpg.Connection]) -> None:
    """An owner that stopped before its first statement finds its epoch gone and rolls back."""
    old, new, _ = writers
    await take_over(old, BUS, STARTS, "a")
    async with asyncio.timeout(60):
        await take_over(new, BUS, STARTS, "b")

    async with old.transaction():
        assert not await compare_and_set(old, BUS, [Advance(TOPIC, 0, 0, 1, 10)])
    assert (await read(new, BUS))[(TOPIC, 0)].next_offset == 0


async def test_owners_that_take_over_in_turn_store_every_record_once(
    writers: list[asyncpg.Connection],
) -> None:
    """Three writers, each taking over while the previous ones run on: no gap and no double."""
    await writers[0].execute("set role none; create table stored (line int, at int)")
    await writers[0].execute("grant all on stored to public")
    end = 200
    starts = {(TOPIC, number): 0 for number in range(4)}
    taken = [asyncio.Event() for _ in writers]
    outcomes = await asyncio.gather(
        *(
            _store_until_fenced(writer, starts, end, after=n, taken=taken)
            for n, writer in enumerate(writers)
        )
    )

    assert sorted(outcomes) == ["finished", "stale", "stale"]
    rows = await writers[0].fetch("select line, at from stored order by line, at")
    assert [tuple(row) for row in rows] == [(line, at) for line in range(4) for at in range(end)]


async def _store_until_fenced(
    writer: asyncpg.Connection,
    starts: dict[tuple[str, int], int],
    end: int,
    *,
    after: int,
    taken: list[asyncio.Event],
) -> str:
    """Store offsets of all partitions in batches; writer ``after`` waits for that many batches.

    Half-way it waits for the next one to take over, which a slow machine may have long to do.
    """
    while await writer.fetchval("select count(*) from stored") < after * 40:
        await asyncio.sleep(0)
    positions = await take_over(writer, BUS, starts, f"writer {after}")
    taken[after].set()
    at = {key: position.next_offset for key, position in positions.items()}
    while any(offset < end for offset in at.values()):
        if min(at.values()) >= end // 2:
            await taken[min(after + 1, len(taken) - 1)].wait()
        advances = [
            Advance(*key, offset, positions[key].epoch, min(offset + 5, end))
            for key, offset in at.items()
        ]
        transaction = writer.transaction()
        await transaction.start()
        if not await compare_and_set(writer, BUS, advances):
            await transaction.rollback()
            return "stale"
        rows = [(a.partition, offset) for a in advances for offset in range(a.old, a.new)]
        await writer.copy_records_to_table("stored", records=rows)
        await transaction.commit()
        at = {(a.topic, a.partition): a.new for a in advances}
    return "finished"


async def _waits_for_lock(observer: asyncpg.Connection, pid: int) -> None:
    """Return once a session waits for another one's lock."""
    async with asyncio.timeout(60):
        while not await observer.fetchval("select pg_blocking_pids($1) <> '{}'", pid):
            await asyncio.sleep(0.01)
