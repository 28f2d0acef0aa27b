"""Attempts in the database are what counting the messages gives, however they came to be stored."""

import random

import pytest

from hepscope_common.calls import AttemptOutcome
from integration.measuring import flows
from integration.measuring.rig import (
    DAY_US,
    assert_sums_are_those_of_the_attempts,
    expected_attempts,
    measure,
    store,
    stored_attempts,
)
from integration.storage_writer.rig import fetch
from support.builders import BASE_US
from support.sip_calls import SECOND_US, Sent, folded, signals_of

pytestmark = pytest.mark.database


async def assert_exact(dsn: str, sent: list[Sent]) -> None:
    """Compare what is stored with what live counting of the same packets gives."""
    assert await stored_attempts(dsn) == expected_attempts(sent)
    for node in ("edge", "core"):
        assert await stored_attempts(dsn, node) == expected_attempts(sent, node)
    await assert_sums_are_those_of_the_attempts(dsn)
    assert await fetch(dsn, "select from hepscope.measure_queue") == []
    assert await fetch(dsn, "select from hepscope.attempt where due_at is not null") == []


async def test_attempts_are_those_of_live_counting(database: str) -> None:
    """All kinds of calls and registrations at once, stored in order."""
    sent = sorted(flows.everything(), key=lambda one: one.received_us)
    outcomes = {attempt.outcome for attempt in folded(signals_of(sent))}
    assert outcomes == set(AttemptOutcome)

    await store(database, sent)
    await measure(database)

    await assert_exact(database, sent)


@pytest.mark.parametrize("seed", range(4))
async def test_neither_order_nor_batches_nor_moments_nor_restarts_show(
    database: str, seed: int
) -> None:
    """Packets in any order by several writers, one after the other, measured in between."""
    chance = random.Random(seed)
    sent = flows.everything()
    shuffled = chance.sample(sent, len(sent))
    cuts = sorted(chance.sample(range(1, len(sent)), 5))

    for first, last in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        await store(database, shuffled[first:last])
        if chance.random() < 0.7:
            await measure(database, BASE_US + chance.randrange(20_000) * SECOND_US)
    await measure(database)

    await assert_exact(database, sent)


async def test_measuring_again_changes_nothing(database: str) -> None:
    """What did not change is not written."""
    await store(database, flows.everything())
    await measure(database)
    await fetch(database, "select hepscope.measure_again('-infinity', 'infinity')")

    measurer = await measure(database)

    assert measurer.counts.measured > 20
    assert (measurer.counts.changed, measurer.counts.written) == (0, 0)
    await assert_exact(database, flows.everything())


async def test_open_attempts_are_settled_when_their_time_is_over(database: str) -> None:
    """Ringing for three minutes without a final; nothing arrives any more."""
    sent = flows.cancelled().sent[:2]
    await store(database, sent)
    await measure(database, sent[-1].received_us + 5 * SECOND_US)
    (row,) = await fetch(database, "select is_settled, due_at from hepscope.attempt")
    assert not row["is_settled"]
    assert await fetch(database, "select from hepscope.kpi_minute") == []

    await measure(database, sent[-1].received_us + 170 * SECOND_US)
    assert await stored_attempts(database) == []
    await measure(database, sent[-1].received_us + 182 * SECOND_US)

    await assert_exact(database, sent)


async def test_a_recording_is_measured_like_a_live_call(database: str) -> None:
    """Packets of an old capture: time passes as they arrive."""
    sent = flows.answered().sent
    now_us = BASE_US + 3 * DAY_US
    shift_us = now_us - BASE_US
    replayed = [Sent(one.time_us, one.packet, one.received_us + shift_us) for one in sent]

    await store(database, replayed[:1])
    await measure(database, now_us + 10 * SECOND_US)
    assert await stored_attempts(database) == []
    await store(database, replayed[1:])
    await measure(database, now_us + DAY_US)

    await assert_exact(database, sent)
