"""The joiner as a part of a process: alone, patient, and not stopped by one bad row."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from hepscope_common.runtime import Supervisor
from hepscope_storage_writer import media_queue
from hepscope_storage_writer.media_joiner import MediaJoiner
from hepscope_storage_writer.media_queue import MAX_NAMES
from integration.media.rig import (
    SECOND,
    WRITER,
    block,
    check_sums,
    join,
    reports,
    rtcp,
    rtp_port,
    signalling,
    store,
    worst,
)
from integration.storage_writer.rig import NOW_US, fetch
from support.builders import BASE_US
from support.postgres import execute

pytestmark = pytest.mark.database

CALL = "call-1@example.org"
REPORT = rtcp(block(77, fraction=26), time_us=BASE_US + 10 * SECOND)


def make(dsn: str) -> MediaJoiner:
    """Return a joiner that works when it is woken."""
    return MediaJoiner(dsn, WRITER, Supervisor(), now_us=lambda: NOW_US)


@asynccontextmanager
async def running(dsn: str, backlog: Callable[[], int]) -> AsyncIterator[MediaJoiner]:
    """Run a joiner for a while."""
    supervisor = Supervisor()
    async with MediaJoiner(dsn, WRITER, supervisor, backlog_bytes=backlog) as joiner:
        yield joiner
    if supervisor.failure is not None:
        raise supervisor.failure


async def until_joined(dsn: str, count: int = 1) -> None:
    """Return once so many reports have a call."""
    async with asyncio.timeout(60):
        while sum(row["call_id"] != "" for row in await reports(dsn)) < count:
            await asyncio.sleep(0.02)


async def test_it_joins_by_itself(database: str) -> None:
    """Once what is missing is stored."""
    async with running(database, lambda: 0):
        await store(database, [REPORT])
        await store(database, signalling(CALL))
        await until_joined(database)

    assert await fetch(database, "select from hepscope.media_queue where batch is null") == []


async def test_it_waits_while_the_writer_is_behind(database: str) -> None:
    """And goes on when it has caught up; until then the queue keeps everything, and it says so."""
    await store(database, [REPORT])
    await store(database, signalling(CALL))
    looks, is_behind = 0, True
    waiting = asyncio.Event()

    def backlog() -> int:
        nonlocal looks
        looks += 1
        if looks == 5:
            waiting.set()
        return WRITER.batch_bytes + 1 if is_behind else 0

    async with running(database, backlog) as joiner:
        async with asyncio.timeout(60):
            await waiting.wait()
        assert [row["call_id"] for row in await reports(database)] == [""]
        async with asyncio.timeout(60):
            while not joiner.counts.behind_seconds:
                await asyncio.sleep(0.02)
        is_behind = False
        await until_joined(database)


async def test_one_process_joins_at_a_time(database: str) -> None:
    """Another takes over when it is gone."""
    await store(database, [REPORT])
    first, second = make(database), make(database)
    try:
        await first.wake()
        await second.wake()
        assert (first.counts.is_leader, second.counts.is_leader) == (True, False)
        first.close()
        async with asyncio.timeout(60):
            while not second.counts.is_leader:
                await second.wake()
                await asyncio.sleep(0.02)
    finally:
        first.close()
        second.close()


async def test_a_session_that_dies_is_opened_again(database: str) -> None:
    """Nothing is lost: the queue has it until it is joined."""
    joiner = make(database)
    try:
        await joiner.wake()
        await store(database, [REPORT])
        await store(database, signalling(CALL))
        await execute(
            database,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'hepscope media-joiner'",
        )
        async with asyncio.timeout(60):
            while not joiner.counts.joined:
                await joiner.wake()
        assert joiner.counts.is_leader
    finally:
        joiner.close()
    assert await check_sums(database) == 1


async def test_a_row_that_cannot_be_joined_does_not_stop_the_others(database: str) -> None:
    """It is tried alone, once more, and then left out and counted."""
    await store(database, [REPORT])
    await execute(
        database,
        "insert into hepscope.media_queue (first_us, last_us, asked_ids)"
        " values (-9000000000000000000, 0, '{nobody}')",
    )
    await store(database, signalling(CALL))
    joiner = await join(database)

    assert joiner.counts.failed == 1
    assert [row["call_id"] for row in await reports(database)] == [CALL]
    assert await fetch(database, "select from hepscope.media_queue") == []


async def test_what_takes_too_long_is_tried_with_less(database: str) -> None:
    """The transaction that is too slow alone is given up, instead of being tried for ever."""
    slow = rtcp(block(78), time_us=BASE_US + 11 * SECOND, source=("203.0.113.9", 50000))
    await store(database, [slow])
    await store(database, [REPORT])
    await execute(
        database,
        "create function hepscope.slow() returns trigger language plpgsql as $$ begin if"
        " new.source = '203.0.113.9' then raise query_canceled; end if; return new; end $$",
        "create trigger slow before update on hepscope.media"
        " for each row execute function hepscope.slow()",
    )
    await store(database, signalling(CALL, offer=rtp_port(("203.0.113.9", 50000))))
    joiner = await join(database)

    assert (joiner.counts.failed > 0, joiner.counts.busy) == (True, 0)
    assert await fetch(database, "select from hepscope.media_queue") == []


async def test_a_flood_is_taken_in_parts(database: str) -> None:
    """Few addresses at a time: every piece of reports is sought by all that were taken."""
    await execute(
        database,
        "insert into hepscope.media_queue (first_us, last_us, asked_ids)"
        f" select 0, 0, array_fill('x'::text, array[{MAX_NAMES // 2 + 1}])"
        " from generate_series(1, 5)",
    )
    connection = await asyncpg.connect(database)
    try:
        counts = []
        while (taken := await media_queue.take(connection, 50)).ids:
            counts.append(len(taken.ids))
            assert taken.has_more is (len(taken.ids) == 2)
            await media_queue.delete(connection, taken.ids)
    finally:
        await connection.close()

    assert counts == [2, 2, 1]


async def test_a_leaf_that_vanished_is_made_again(database: str) -> None:
    """What was remembered of it is forgotten, and no report given up for it."""
    joiner = make(database)
    try:
        await store(database, [REPORT])
        await store(database, signalling(CALL))
        await joiner.wake()
        (row,) = await fetch(
            database, "select leaf from hepscope.leaves('hepscope.media_minute') order by 1 limit 1"
        )
        await execute(database, f'drop table hepscope."{row["leaf"]}"')
        late = rtcp(block(78), time_us=BASE_US + 20 * SECOND, source=("203.0.113.9", 1000),
                    destination=("203.0.113.9", 2000), call_id="later@example.org")  # fmt: skip
        await execute(database, "delete from hepscope.media")
        await store(database, [late])
        await store(database, signalling("later@example.org"))
        while await joiner.wake():
            pass
        assert joiner.counts.failed == 0
    finally:
        joiner.close()
    assert [row["call_id"] for row in await reports(database)] == ["later@example.org"]
    assert await check_sums(database) == 1


async def test_repetition_changes_nothing(database: str) -> None:
    """A queue whose rows come again, as after a crash, finds all done."""
    await store(database, [*signalling(CALL), REPORT])
    rows = await fetch(database, "select id from hepscope.media_queue")
    await execute(database, "create table kept as select * from hepscope.media_queue")
    await join(database)
    before = (await reports(database), await worst(database, CALL))
    await execute(
        database,
        "insert into hepscope.media_queue overriding system value select * from kept",
    )
    joiner = await join(database)

    assert rows
    assert (await reports(database), await worst(database, CALL)) == before
    assert joiner.counts.rated == 0
    assert await check_sums(database) == 1
