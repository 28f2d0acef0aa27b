"""Two maintainers side by side, and what one of them leaves behind for the other."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from hepscope_common.runtime import Supervisor
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer.maintain_catalogue import DROPPING, read_detached, read_leaves
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.maintainer import Maintainer

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOON = 1_769_947_200_000_000  # 2026-02-01T12:00:00Z
SETTINGS = RetentionSettings(
    partition_hours=24, calls_partition_hours=1, logs_partition_hours=1, interval_seconds=0.01
)

pytestmark = pytest.mark.database


def plenty(_path: Path) -> int | None:
    """Return free space without end."""
    return 1 << 50


class Clock:
    """A clock that the test moves."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A maintainer's session beside the maintainers."""
    session = await connect(database, Access.MAINTAINER, application_name="beside")
    yield session
    await session.close()


def make_maintainer(dsn: str, clock: Clock) -> Maintainer:
    """Return a maintainer of one replica."""
    return Maintainer(dsn, SETTINGS, Supervisor(), clock=clock, free=plenty)


async def rounds(*maintainers: Maintainer, more: int) -> None:
    """Wait until the maintainers together did some more rounds."""
    wanted = sum(one.counts.rounds for one in maintainers) + more
    async with asyncio.timeout(60):
        while sum(one.counts.rounds for one in maintainers) < wanted:
            await asyncio.sleep(0.01)


async def test_two_replicas_keep_hour_and_day_partitions_together(
    database: str, connection: asyncpg.Connection
) -> None:
    """One works, the other takes over when it dies; no range is missing, none made twice."""
    clock = Clock(NOON)
    first, second = make_maintainer(database, clock), make_maintainer(database, clock)
    async with first, second:
        await rounds(first, second, more=3)
        leader, other = (first, second) if first.counts.is_leader else (second, first)
        assert other.counts.rounds == 0
        clock.now_us += 3 * HOUR_US
        await rounds(leader, more=2)
        await leader.__aexit__(None, None, None)
        clock.now_us += 3 * HOUR_US
        await rounds(other, more=2)
    assert first.counts.busy_steps == second.counts.busy_steps == 0

    leaves = await read_leaves(connection)
    widths = {leaf.root: (leaf.upper_us - leaf.lower_us) // HOUR_US for leaf in leaves}
    assert {root: widths[root] for root in ("sip_call", "packet_log", "sip_other", "call")} == {
        "sip_call": 1,
        "packet_log": 1,
        "sip_other": 24,
        "call": 24,
    }
    hours = [leaf.lower_us for leaf in leaves if leaf.root == "sip_call"]
    assert hours == [NOON + n * HOUR_US for n in range(6 + 6 + 1)]
    made = first.counts.leaves_made + second.counts.leaves_made
    assert made == len(leaves)


async def test_a_table_that_a_crash_left_after_its_detach_is_dropped(
    database: str, connection: asyncpg.Connection
) -> None:
    """Marked before the detach, it goes in the next round; one put aside by hand stays."""
    writer = await connect(database, Access.WRITER, application_name="writer")
    names = []
    for days in (3, 2):
        leaf = await LeafCache().ensure(writer, "sip_other", NOON - days * DAY_US, now_us=NOON)
        names.append(leaf.name)
    await writer.close()
    crashed, aside = names
    await connection.execute(f"comment on table {crashed} is '{DROPPING}'")
    for name in names:
        await connection.execute(f"alter table sip_other detach partition {name} concurrently")
    maintainer = make_maintainer(database, Clock(NOON))
    assert await maintainer.wake()
    await maintainer.__aexit__(None, None, None)

    assert maintainer.counts.detaches_finalized == 1
    assert [table.name for table in await read_detached(connection)] == [aside]


async def test_partitions_change_their_width_beside_writers(
    database: str, connection: asyncpg.Connection
) -> None:
    """From days to hours while rows arrive: the day goes on, hours follow it without a gap."""
    day = RetentionSettings()
    before = Maintainer(database, day, Supervisor(), clock=Clock(NOON), free=plenty)
    assert await before.wake()
    await before.__aexit__(None, None, None)
    clock = Clock(NOON + 2 * DAY_US + 10 * HOUR_US)
    after = make_maintainer(database, clock)
    async with asyncio.timeout(60):
        # The server may need a moment to end the session of the one before.
        while not await after.wake():
            await asyncio.sleep(0.01)
    await after.__aexit__(None, None, None)

    own = [leaf for leaf in await read_leaves(connection) if leaf.root == "sip_call"]
    assert [(leaf.upper_us - leaf.lower_us) // HOUR_US for leaf in own] == [24] * 3 + [1] * 5
    assert all(one.upper_us == two.lower_us for one, two in pairwise(own))
