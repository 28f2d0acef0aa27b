"""Seven weeks of maintenance at a day a round, while rows arrive and settings change."""

import asyncpg
import pytest

from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer.maintain_catalogue import apply_settings, read_leaves, read_policies
from hepscope_storage_writer.maintain_settings import RetentionSettings
from integration.store.test_maintain_round import (
    DAY_US,
    HOUR_US,
    NOON,
    fill,
    make_round,
)

pytestmark = pytest.mark.database

DAYS = 50
KEEP_CALLS = 10
KEEP_OTHER = 3
NARROW = range(20, 25)
"""Days on which new partitions are six hours wide."""


async def test_weeks_go_by_and_the_database_stays_as_large_as_it_is(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Rows live as long as their kind is kept, give or take a partition; nothing piles up."""
    leaves = LeafCache()
    round_ = make_round(maintainer)
    numbers = []
    for day in range(DAYS):
        await apply_settings(maintainer, _settings(narrow=day in NARROW))
        now_us = NOON + day * DAY_US
        await round_.run(now_us)
        for root in ("sip_call", "sip_other"):
            # A writer that has run all the time: what it remembers must not be wrong.
            leaf = await leaves.ensure(writer, root, now_us, now_us=now_us)
            assert leaf.name in {one.name for one in await read_leaves(maintainer)}
            await fill(writer, root, now_us)
            await fill(writer, root, now_us - HOUR_US)
        numbers.append(len(await read_leaves(maintainer)))

    last = NOON + (DAYS - 1) * DAY_US
    assert await _days_kept(writer, "sip_call", last) == list(range(KEEP_CALLS + 1))
    assert await _days_kept(writer, "sip_other", last) == list(range(KEEP_OTHER + 1))
    assert await writer.fetchval("select count(*) from hepscope.sip_stray") == 0
    # As many as in the fifth week, and in the narrow days four times as many a day.
    assert numbers[-1] == numbers[NARROW.stop + KEEP_CALLS + 5]
    assert max(numbers) < 3 * numbers[-1]
    assert (round_.counts.rounds, round_.counts.busy_steps, round_.counts.strays) == (DAYS, 0, 0)
    floors = {policy.root: policy.floor_us for policy in await read_policies(maintainer)}
    assert floors["sip_call"] == last - KEEP_CALLS * DAY_US - 12 * HOUR_US


def _settings(*, narrow: bool) -> RetentionSettings:
    return RetentionSettings(
        calls_days=KEEP_CALLS, other_days=KEEP_OTHER, partition_hours=6 if narrow else 24
    )


async def _days_kept(connection: asyncpg.Connection, root: str, last_us: int) -> list[int]:
    """Return how many days before the last one there are rows of, youngest first."""
    rows = await connection.fetch(
        f"select distinct ($1 - hepscope.unix_us(time)) / $2 as age from hepscope.{root} "
        "order by 1",
        last_us,
        DAY_US,
    )
    return [row["age"] for row in rows]
