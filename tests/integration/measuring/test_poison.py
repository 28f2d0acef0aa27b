"""A call that cannot be measured holds up no other, nor ends the process."""

import pytest

from hepscope_common.runtime import Supervisor
from hepscope_storage_writer.measure_messages import MAX_MESSAGES, MAX_TOGETHER
from hepscope_storage_writer.measurer import Measurer
from integration.measuring import flows
from integration.measuring.rig import WRITER, finish, measure, store, stored_attempts
from integration.storage_writer.rig import fetch
from support.builders import BASE_US
from support.postgres import execute
from support.sip_calls import SECOND_US, Flow, Sent

pytestmark = pytest.mark.database


async def test_a_call_that_the_database_refuses_is_given_up(database: str) -> None:
    """It is counted; all others are measured, and the queue is empty."""
    await execute(
        database,
        "alter table hepscope.attempt add constraint no_503 check (status is distinct from 503)",
    )
    sent = [
        one for status in (404, 486, 503, 603) for one in flows.refused(str(status), status).sent
    ]
    await store(database, sent)
    measurer = Measurer(database, WRITER, Supervisor(), now_us=lambda: BASE_US + 3600_000_000)
    try:
        await finish(measurer)
    finally:
        measurer.close()

    assert measurer.counts.failed == 1
    assert {row[0] for row in await stored_attempts(database)} == {"404", "486", "603"}
    assert await fetch(database, "select from hepscope.measure_queue") == []


async def test_an_open_call_that_the_database_refuses_is_given_up(database: str) -> None:
    """Also when it is looked at again because its time is over; others are settled by then."""
    calls = [Flow(name).request("INVITE", 0).response(100, 0.1) for name in ("bad", "good")]
    await store(database, [one for call in calls for one in call.sent])
    await measure(database, BASE_US + SECOND_US)
    await execute(
        database,
        "alter table hepscope.attempt add constraint no_bad"
        " check (not is_settled or call_id <> 'bad')",
    )
    measurer = Measurer(database, WRITER, Supervisor(), now_us=lambda: BASE_US + 3600_000_000)
    try:
        await finish(measurer)
        await measurer.wake()
    finally:
        measurer.close()

    assert measurer.counts.failed == 1
    assert {row[0] for row in await stored_attempts(database)} == {"good"}
    assert await fetch(database, "select from hepscope.attempt where due_at is not null") == []


async def test_calls_that_are_too_much_together_are_measured_apart(database: str) -> None:
    """Some Call-IDs of thousands of messages do not fill the memory; what is cut is counted."""
    count = MAX_TOGETHER // MAX_MESSAGES + 1
    flood = [one for number in range(count) for one in _busy(f"busy-{number}", MAX_MESSAGES // 2)]
    await store(database, [*flood, *flows.answered().sent])

    measurer = await measure(database)

    assert measurer.counts.failed == 0
    assert measurer.counts.cut_short >= count
    assert len(await stored_attempts(database)) == count + 1
    assert await fetch(database, "select from hepscope.measure_queue") == []


async def test_a_statement_that_takes_too_long_is_tried_with_fewer(database: str) -> None:
    """The calls that are slow alone are given up and counted, instead of tried for ever."""
    sent = [
        one for status in (404, 486, 503, 603) for one in flows.refused(str(status), status).sent
    ]
    await store(database, sent)
    await execute(
        database,
        "create function hepscope.slow() returns trigger language plpgsql as $$ begin if"
        " new.status = 503 then raise query_canceled; end if; return new; end $$",
        "create trigger slow before insert on hepscope.attempt"
        " for each row execute function hepscope.slow()",
    )
    measurer = Measurer(database, WRITER, Supervisor(), now_us=lambda: BASE_US + 3600_000_000)
    try:
        await finish(measurer)
    finally:
        measurer.close()

    assert (measurer.counts.failed, measurer.counts.busy) == (1, 0)
    assert {row[0] for row in await stored_attempts(database)} == {"404", "486", "603"}


def _busy(call_id: str, attempts: int) -> list[Sent]:
    flow = Flow(call_id)
    for number in range(attempts):
        flow.request("INVITE", number * 0.01, cseq=number + 1)
        flow.response(404, number * 0.01 + 0.005, cseq=number + 1)
    return flow.sent
