"""A call that cannot be measured holds up no other."""

import pytest

from hepscope_common.runtime import Supervisor
from hepscope_storage_writer.measurer import Measurer
from integration.measuring import flows
from integration.measuring.rig import WRITER, store, stored_attempts
from integration.storage_writer.rig import fetch
from support.builders import BASE_US
from support.postgres import execute

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
        while await measurer.wake() or measurer.counts.pending:
            pass
    finally:
        measurer.close()

    assert measurer.counts.failed == 1
    assert {row[0] for row in await stored_attempts(database)} == {"404", "486", "603"}
    assert await fetch(database, "select from hepscope.measure_queue") == []
