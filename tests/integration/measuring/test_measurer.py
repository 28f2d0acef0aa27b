"""The measurer as a component: who works, what it waits for, what it survives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from hepscope_common.runtime import Supervisor
from hepscope_common.store.connection import Access, connect
from hepscope_storage_writer.measure_messages import MAX_MESSAGES
from hepscope_storage_writer.measurer import Measurer
from hepscope_storage_writer.settings import WriterSettings
from integration.measuring import flows
from integration.measuring.rig import (
    DAY_US,
    WRITER,
    assert_sums_are_those_of_the_attempts,
    expected_attempts,
    finish,
    measure,
    store,
    stored_attempts,
)
from integration.storage_writer.rig import fetch
from support.builders import BASE_US
from support.postgres import execute
from support.sip_calls import SECOND_US, Flow

pytestmark = pytest.mark.database

LATER_US = BASE_US + 2 * DAY_US
HOUR_US = 3600 * SECOND_US


def make(
    dsn: str,
    settings: WriterSettings = WRITER,
    supervisor: Supervisor | None = None,
    backlog: Callable[[], int] = lambda: 0,
) -> Measurer:
    """Return a measurer of two days later."""
    return Measurer(
        dsn,
        settings,
        supervisor or Supervisor(),
        backlog_bytes=backlog,
        now_us=lambda: LATER_US,
    )


@asynccontextmanager
async def running(dsn: str, backlog: Callable[[], int]) -> AsyncIterator[Measurer]:
    """Run a measurer for a while."""
    supervisor = Supervisor()
    measurer = make(dsn, supervisor=supervisor, backlog=backlog)
    async with measurer:
        yield measurer
    if supervisor.failure is not None:
        raise supervisor.failure


async def until_measured(dsn: str, count: int) -> None:
    """Return once so many attempts are stored."""
    async with asyncio.timeout(60):
        while len(await stored_attempts(dsn)) < count:
            await asyncio.sleep(0.02)


async def test_it_measures_by_itself_what_is_stored(database: str) -> None:
    """As part of a process."""
    await store(database, flows.answered().sent)

    async with running(database, lambda: 0):
        await until_measured(database, 1)

    assert await stored_attempts(database) == expected_attempts(flows.answered().sent)


async def test_it_waits_while_the_writer_is_behind(database: str) -> None:
    """And goes on when it has caught up; until then the queue keeps everything, and it says so."""
    await store(database, flows.answered().sent)
    looks, is_behind = 0, True
    waiting = asyncio.Event()

    def backlog() -> int:
        nonlocal looks
        looks += 1
        if looks == 5:
            waiting.set()
        return WRITER.batch_bytes + 1 if is_behind else 0

    async with running(database, backlog) as measurer:
        async with asyncio.timeout(60):
            await waiting.wait()
        assert await stored_attempts(database) == []
        async with asyncio.timeout(60):
            while not measurer.counts.behind_seconds:
                await asyncio.sleep(0.02)
        is_behind = False
        await until_measured(database, 1)


async def test_one_process_measures_at_a_time(database: str) -> None:
    """Another takes over when it is gone; until then it tells what waits, should that be frozen."""
    await store(database, flows.answered().sent)
    first, second = make(database), make(database)
    try:
        await first.wake()
        await store(database, flows.refused("r", 404).sent)
        await second.wake()
        assert second.counts.behind_seconds > 0
        assert (first.counts.is_leader, second.counts.is_leader) == (True, False)
        assert second.counts.measured == 0
        first.close()
        async with asyncio.timeout(60):
            while not second.counts.is_leader:
                await second.wake()
                await asyncio.sleep(0.02)
    finally:
        first.close()
        second.close()


async def test_a_flood_of_calls_waits_in_the_database(database: str) -> None:
    """In memory there are no more than the setting says, and one transaction's on top."""
    flood = [one for number in range(600) for one in flows.refused(f"f-{number}", 404).sent]
    for start in range(0, len(flood), 200):
        await store(database, flood[start : start + 200])
    rows = await fetch(database, "select max(cardinality(call_ids)) from hepscope.measure_queue")
    most = 0
    settings = WRITER.model_copy(update={"measure_pending_calls": 50})
    measurer = make(database, settings)
    try:
        while await measurer.wake() or measurer.counts.pending or measurer.counts.measured < 600:
            most = max(most, len(measurer.pending))
    finally:
        measurer.close()

    assert most <= 50 + rows[0][0]
    assert len(await stored_attempts(database)) == 600


async def test_a_session_that_dies_is_opened_again(database: str) -> None:
    """Nothing is lost: the queue has it until it is measured."""
    await store(database, flows.answered().sent)
    measurer = make(database)
    try:
        await measurer.wake()
        await store(database, flows.refused("r", 404).sent)
        await execute(
            database,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'hepscope measurer'",
        )
        async with asyncio.timeout(60):
            while len(await stored_attempts(database)) < 2:
                await measurer.wake()
        assert measurer.counts.is_leader
    finally:
        measurer.close()


async def test_a_leaf_that_vanished_is_made_again(database: str) -> None:
    """What was remembered of it is forgotten, and no call given up for it."""
    await store(database, flows.answered().sent)
    measurer = make(database)
    try:
        await measurer.wake()
        (row,) = await fetch(
            database, "select leaf from hepscope.leaves('hepscope.kpi_minute') order by 1 limit 1"
        )
        await execute(database, f'drop table hepscope."{row["leaf"]}"')
        await store(database, flows.refused("r", 404).sent)
        await finish(measurer)
        assert measurer.counts.failed == 0
    finally:
        measurer.close()
    assert len(await stored_attempts(database)) == 2


async def test_days_that_retention_dropped_get_no_attempts(database: str) -> None:
    """They are counted instead."""
    await store(database, flows.at_midnight())
    await execute(
        database,
        "update hepscope.partition_policy set floor = '2026-11-24'"
        " where root in ('hepscope.attempt'::regclass, 'hepscope.kpi_minute'::regclass)",
    )

    measurer = await measure(database)

    assert measurer.counts.expired == 2
    assert await stored_attempts(database) == []


async def test_messages_that_are_gone_leave_the_attempts(database: str) -> None:
    """Nothing more can be learned, so nobody looks again."""
    sent = flows.cancelled().sent[:2]
    await store(database, sent)
    await measure(database, sent[-1].received_us + SECOND_US)
    await execute(database, "truncate hepscope.sip_call, hepscope.call")

    await measure(database)

    (row,) = await fetch(database, "select is_settled, due_at from hepscope.attempt")
    assert (row["is_settled"], row["due_at"]) == (False, None)


async def test_a_call_whose_first_day_is_dropped_keeps_its_attempt(database: str) -> None:
    """Its hang-up comes when only that is left; what was measured before stays as it was."""
    floor_us = flows.MIDNIGHT_US
    sent = flows.answered("long", floor_us - 30 * SECOND_US).sent
    await store(database, sent[:-2])
    await measure(database)
    (before,) = await fetch(database, "select * from hepscope.attempt")
    await execute(
        database,
        "update hepscope.partition_policy set floor = timestamptz 'epoch'"
        f" + {floor_us}::bigint * interval '1 microsecond'"
        " where root = 'hepscope.sip_call'::regclass",
        "delete from hepscope.sip_call",
    )
    await store(database, sent[-2:])
    await measure(database)

    first, hang_up = await fetch(database, "select * from hepscope.attempt order by started_at")
    assert first == before
    assert (first["method"], first["status"], hang_up["method"]) == ("INVITE", 200, "BYE")
    await assert_sums_are_those_of_the_attempts(database)


async def test_a_call_id_that_is_used_again(database: str) -> None:
    """After days it is another call; a late message of the first one changes only that."""
    first, second = flows.answered("again"), flows.answered("again", BASE_US + 30 * HOUR_US)
    await store(database, [*first.sent[:-2], *second.sent])
    await measure(database)
    await store(database, first.sent[-2:])
    await measure(database)

    sent = [*first.sent, *second.sent]
    assert await stored_attempts(database) == expected_attempts(sent)
    assert len(await stored_attempts(database)) == 2
    await assert_sums_are_those_of_the_attempts(database)


async def test_a_client_that_uses_one_call_id_for_everything(database: str) -> None:
    """Its first messages count; it holds nobody up."""
    flow = Flow("one-for-all")
    for number in range(2500):
        flow.request("INVITE", number * 0.01, cseq=number + 1)
        flow.response(404, number * 0.01 + 0.005, cseq=number + 1)
    await store(database, [*flow.sent, *flows.answered().sent])

    await measure(database)

    assert len(await stored_attempts(database)) == 2


async def test_other_methods_are_not_queued(database: str) -> None:
    """Keep-alive traffic costs nothing."""
    flow = Flow("options").request("OPTIONS", 0, to_tag="").response(200, 0.1, method="OPTIONS")
    await store(database, flow.sent)

    assert await fetch(database, "select from hepscope.measure_queue") == []


async def test_what_was_stored_before_can_be_measured(database: str) -> None:
    """By one statement, as the writer may run it."""
    sent = [*flows.answered().sent, *flows.registered().sent]
    await store(database, sent)
    await execute(database, "truncate hepscope.measure_queue")
    session = await connect(database, Access.WRITER, application_name="test")
    assert await session.fetchval("select measure_again('2026-11-01', '2026-12-01')") == 3
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute("truncate attempt")
    await session.close()

    await measure(database)

    assert await stored_attempts(database) == expected_attempts(sent)


async def test_a_day_of_registrations_of_one_client(database: str) -> None:
    """More messages than are read at a time; each refresh is measured."""
    sent = flows.registered("all-day", times=1100, every_s=70).sent
    assert len(sent) > MAX_MESSAGES
    await store(database, sent)
    await execute(database, "truncate hepscope.measure_queue")
    await fetch(database, "select hepscope.measure_again('-infinity', 'infinity')")

    await measure(database)

    assert await stored_attempts(database) == expected_attempts(sent)


async def test_a_client_that_registers_without_a_pause(database: str) -> None:
    """There is no cut for hours; still nothing is counted twice."""
    flow = Flow("restless")
    for number in range(3 * 900):
        flow.request("REGISTER", number * 4, cseq=number + 1)
        flow.response(200, number * 4 + 0.1, method="REGISTER", cseq=number + 1)
    await store(database, flow.sent)

    await measure(database)

    assert await stored_attempts(database) == expected_attempts(flow.sent)
    await assert_sums_are_those_of_the_attempts(database)
