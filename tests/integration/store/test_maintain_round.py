"""Rounds of maintenance on a real server, at fixed times."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

import hepscope_migrations
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer.maintain_catalogue import apply_settings, read_leaves, read_policies
from hepscope_storage_writer.maintain_counts import MaintainerCounts
from hepscope_storage_writer.maintain_disk import budget_bytes
from hepscope_storage_writer.maintain_round import Round
from hepscope_storage_writer.maintain_settings import CLASSES, RetentionSettings

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
ROOTS = frozenset(root for roots in CLASSES.values() for root in roots)
MIDNIGHT = 1_769_904_000_000_000  # 2026-02-01T00:00:00Z
NOON = MIDNIGHT + 12 * HOUR_US
# A disk that is never short.
PLENTY = 1 << 50

pytestmark = pytest.mark.database


def plenty(_path: Path) -> int | None:
    """Return free space without end."""
    return PLENTY


def make_round(connection: asyncpg.Connection, settings: RetentionSettings | None = None) -> Round:
    """Return a round with counters of its own."""
    return Round(
        connection=connection,
        settings=settings or RetentionSettings(),
        counts=MaintainerCounts(),
        throttle=Throttle(get_logger("test")),
        free=plenty,
        local=True,
    )


async def fill(
    connection: asyncpg.Connection, root: str, time_us: int, *, rows: int = 1, bytes_each: int = 9
) -> str:
    """Store messages of one time; return the leaf, made if missing."""
    leaf = await LeafCache().ensure(connection, root, time_us, now_us=max(time_us, NOON))
    assert leaf.name is not None
    await store(connection, leaf.name, time_us, rows=rows, bytes_each=bytes_each)
    return leaf.name


async def store(
    connection: asyncpg.Connection,
    table: str,
    time_us: int,
    *,
    rows: int = 1,
    bytes_each: int = 9,
    received_us: int | None = None,
) -> None:
    """Store messages in a leaf, or in the stray table as calls' messages."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    received = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=received_us or time_us)
    number = 3 if table.startswith("sip_other") else 1
    record = (at, received, 1, number, 1, b"x" * bytes_each)
    await connection.copy_records_to_table(
        table,
        records=[record] * rows,
        columns=["time", "received_at", "id", "class", "transport", "payload"],
    )


async def names(connection: asyncpg.Connection, root: str) -> list[str]:
    """Return the leaves of a root that are in sight, oldest first."""
    return [leaf.name for leaf in await read_leaves(connection) if leaf.root == root]


async def test_round_makes_partitions_ahead_for_every_policy(
    maintainer: asyncpg.Connection,
) -> None:
    """After one round every table has the leaves of now and of two days ahead; again, no more."""
    round_ = make_round(maintainer)
    await round_.run(NOON)
    made = round_.counts.leaves_made
    await round_.run(NOON)

    leaves = await read_leaves(maintainer)
    for policy in await read_policies(maintainer):
        own = [leaf.lower_us for leaf in leaves if leaf.root == policy.root]
        assert own == [MIDNIGHT, MIDNIGHT + DAY_US, MIDNIGHT + 2 * DAY_US]
    assert round_.counts.leaves_made == made == len(leaves) == 3 * len(ROOTS)
    assert round_.counts.leaves["sip_call"] == 3


async def test_round_drops_by_age_and_moves_the_floor(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Old leaves of each table go by its own age; late rows below the floor bring none back."""
    for root in ("sip_call", "sip_other"):
        for days in (40, 31, 29, 8, 6):
            await fill(writer, root, NOON - days * DAY_US)
    round_ = make_round(maintainer)
    await round_.run(NOON)

    assert round_.counts.dropped_by_age == 2 + 4
    assert (await names(maintainer, "sip_call"))[:2] == [
        "sip_call_p20260103_0000",
        "sip_call_p20260124_0000",
    ]
    assert (await names(maintainer, "sip_other"))[0] == "sip_other_p20260126_0000"
    late = await LeafCache().ensure(writer, "sip_call", NOON - 31 * DAY_US, now_us=NOON)
    assert late.name is None


async def test_settings_change_keeps_and_widths(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Settings are written over the policies once, and hold for the next leaf."""
    before, settings = RetentionSettings(), RetentionSettings(calls_days=2, partition_hours=1)
    changed = [
        root
        for root in ROOTS
        if before.keep_days()[root] != settings.keep_days()[root]
        or before.width_hours(root) != settings.width_hours(root)
    ]
    assert await apply_settings(maintainer, settings) == len(changed)
    assert await apply_settings(maintainer, settings) == 0

    policies = {policy.root: policy for policy in await read_policies(maintainer)}
    assert policies["call"].keep_us == policies["sip_call"].keep_us == 2 * DAY_US
    assert policies["call"].width_us == DAY_US
    assert policies["sip_call"].width_us == HOUR_US
    assert policies["sip_call"].ahead_us == 6 * HOUR_US
    assert await fill(writer, "sip_call", NOON) == "sip_call_p20260201_1200"


async def test_round_keeps_the_budget(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Over budget the table of the lowest order gives up its oldest leaf, and no more."""
    for days in (5, 4):
        await fill(writer, "sip_other", NOON - days * DAY_US, rows=1000, bytes_each=1000)
        await fill(writer, "sip_call", NOON - days * DAY_US, rows=1000, bytes_each=1000)
    await make_round(maintainer).run(NOON)
    used = await maintainer.fetchval("select pg_database_size(current_database())")
    round_ = make_round(maintainer, RetentionSettings(disk_budget_bytes=used - 100_000))
    await round_.run(NOON)

    assert round_.counts.dropped_by_budget == 1
    assert round_.counts.shortfall_bytes == 0
    assert (await names(maintainer, "sip_other"))[0] == "sip_other_p20260128_0000"
    assert (await names(maintainer, "sip_call"))[0] == "sip_call_p20260127_0000"
    late = await LeafCache().ensure(writer, "sip_other", NOON - 5 * DAY_US, now_us=NOON)
    assert late.name is None


async def test_budget_that_cannot_be_kept_alarms_and_ends(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """With nothing droppable the round ends, says what it lacks, and today's rows stay."""
    await fill(writer, "sip_call", NOON)
    await fill(writer, "sip_call", NOON - 9 * DAY_US)
    round_ = make_round(maintainer, RetentionSettings(disk_budget_bytes=1))
    await round_.run(NOON)
    await round_.run(NOON)

    assert round_.counts.dropped_by_budget == 1
    assert round_.counts.shortfall_bytes > 0
    assert await maintainer.fetchval("select count(*) from sip") == 1


@pytest.mark.parametrize(
    ("settings", "local", "expected"),
    [
        (RetentionSettings(disk_budget_bytes=5), True, 5),
        (RetentionSettings(disk_budget_bytes=0), True, None),
        (RetentionSettings(), True, 700),
        (RetentionSettings(), False, None),
        (RetentionSettings(disk_path=Path("/")), False, 700),
    ],
    ids=["bytes", "switched off", "data directory", "another machine", "a path"],
)
async def test_budget_comes_from_settings_or_the_disk(
    database: str, settings: RetentionSettings, *, local: bool, expected: int | None
) -> None:
    """Bytes that are set win; else the disk's free space, where it is known."""
    superuser = await asyncpg.connect(database)
    try:
        budget = await budget_bytes(
            superuser,
            settings,
            database_bytes=400,
            wal_bytes=100,
            local=local,
            free=lambda _path: 600,
        )
    finally:
        await superuser.close()

    assert budget == expected


async def test_disk_of_a_local_server_is_found_by_itself(maintainer: asyncpg.Connection) -> None:
    """The budget is on by default: the data directory is asked of the server."""
    round_ = make_round(maintainer)
    await round_.run(NOON)

    assert round_.counts.database_bytes > 0
    assert round_.counts.budget_bytes is not None
    assert round_.counts.budget_bytes > PLENTY // 2


async def test_user_without_roles_maintains_as_himself(plain_database: str) -> None:
    """Where no roles are, the same rounds make and drop; his disk is not known to him."""
    await hepscope_migrations.upgrade(plain_database)
    session = await connect(plain_database, Access.MAINTAINER, application_name="maintainer")
    try:
        await fill(session, "sip_call", NOON - 40 * DAY_US)
        round_ = make_round(session)
        await round_.run(NOON)
    finally:
        await session.close()

    assert round_.counts.dropped_by_age == 1
    assert round_.counts.leaves_made == 3 * len(ROOTS)
    assert round_.counts.budget_bytes is None
    assert round_.counts.busy_steps == 0


async def test_drop_with_a_long_reader_blocks_no_insert_elsewhere(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection, reader: asyncpg.Connection
) -> None:
    """While a reader holds the leaf, the drop waits alone; it ends once the reader does."""
    await fill(writer, "sip_call", NOON - 40 * DAY_US)
    today = await fill(writer, "sip_call", NOON)
    transaction = reader.transaction()
    await transaction.start()
    assert await reader.fetchval("select count(*) from sip") == 2

    round_ = make_round(maintainer)
    running = asyncio.create_task(round_.run(NOON))
    await _waits(writer, maintainer.get_server_pid())
    # Whoever had to wait for what the drop holds would be refused, long before the drop ends.
    await writer.execute("set lock_timeout = '5s'")
    for _ in range(20):
        await store(writer, today, NOON)
        assert await writer.fetchval("select count(*) from sip where time >= '2026-02-01'")
    assert not running.done()
    await transaction.rollback()
    await running

    assert round_.counts.dropped_by_age == 1
    assert (await names(maintainer, "sip_call"))[0] == today


async def test_interrupted_detach_is_finished_first_thing(
    database: str,
    maintainer: asyncpg.Connection,
    writer: asyncpg.Connection,
    reader: asyncpg.Connection,
) -> None:
    """A detach that timed out is put off, hides its leaf, and is finalized by the next round."""
    await fill(writer, "sip_call", NOON - 40 * DAY_US)
    await fill(writer, "sip_call", NOON - 39 * DAY_US)
    transaction = reader.transaction()
    await transaction.start()
    await reader.fetchval("select count(*) from sip")
    impatient = await connect(database, Access.MAINTAINER, application_name="impatient")
    await impatient.execute("set statement_timeout = '1s'")
    round_ = make_round(impatient)
    await round_.run(NOON)

    assert round_.counts.busy_steps >= 1
    pending = [leaf.name for leaf in await read_leaves(impatient) if leaf.pending]
    assert pending == ["sip_call_p20251223_0000"]
    impatient.terminate()
    await transaction.rollback()
    round_ = make_round(maintainer)
    await round_.run(NOON)

    assert round_.counts.detaches_finalized == 1
    assert round_.counts.dropped_by_age == 1
    assert not [leaf for leaf in await read_leaves(maintainer) if leaf.lower_us < MIDNIGHT]
    assert await maintainer.fetchval("select to_regclass('sip_call_p20251223_0000')") is None


async def test_table_with_a_default_partition_is_dropped_the_short_way(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Somebody's default partition forbids DETACH CONCURRENTLY; the leaf goes all the same."""
    await fill(writer, "sip_call", NOON - 40 * DAY_US)
    await maintainer.execute("create table sip_default partition of sip_call default")
    round_ = make_round(maintainer)
    await round_.run(NOON)

    assert round_.counts.dropped_by_age == 1
    assert await maintainer.fetchval("select to_regclass('sip_call_p20251223_0000')") is None


async def test_strays_move_once_they_have_a_leaf_and_expire_by_receive_time(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """Rows of the future move when it comes; rows below the floor stay, then expire."""
    await make_round(maintainer).run(NOON)
    await store(writer, "sip_stray", NOON + 5 * DAY_US, rows=3, received_us=NOON)
    await store(writer, "sip_stray", NOON - 90 * DAY_US, rows=2, received_us=NOON)
    round_ = make_round(maintainer)
    await round_.run(NOON)
    assert (round_.counts.strays, round_.counts.strays_moved) == (5, 0)

    await round_.run(NOON + 5 * DAY_US)
    assert (round_.counts.strays, round_.counts.strays_moved) == (2, 3)
    assert await maintainer.fetchval("select count(*) from sip where time > '2026-02-05'") == 3

    await round_.run(NOON + 31 * DAY_US)
    assert (round_.counts.strays, round_.counts.strays_expired) == (0, 2)


async def test_active_leaf_is_summarized(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """The newest rows become known to the BRIN index within a round."""
    await make_round(maintainer).run(NOON)
    await fill(writer, "sip_call", NOON, rows=4000, bytes_each=900)
    round_ = make_round(maintainer)
    await round_.run(NOON)

    assert round_.counts.ranges_summarized >= 3


async def test_past_leaf_is_vacuumed_once(
    maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """A day that is over is frozen and analyzed by one round, and left alone by the next."""
    leaf = await fill(writer, "sip_call", NOON - DAY_US, rows=10)
    round_ = make_round(maintainer)
    await round_.run(NOON)
    await round_.run(NOON)

    assert round_.counts.leaves_closed == 1
    assert (
        await maintainer.fetchval("select reltuples from pg_class where relname = $1", leaf) == 10
    )


async def test_step_that_meets_a_lock_is_put_off_and_the_others_go_on(
    database: str, maintainer: asyncpg.Connection, writer: asyncpg.Connection
) -> None:
    """A lock on one table costs its own steps only."""
    await fill(writer, "sip_other", NOON - 40 * DAY_US)
    await fill(writer, "sip_call", NOON - 40 * DAY_US)
    superuser = await asyncpg.connect(database)
    transaction = superuser.transaction()
    await transaction.start()
    await superuser.execute("lock table hepscope.sip_other in share update exclusive mode")
    await maintainer.execute("set statement_timeout = '1s'")
    round_ = make_round(maintainer)
    await round_.run(NOON)
    await transaction.rollback()
    superuser.terminate()

    assert round_.counts.busy_steps >= 1
    assert round_.counts.dropped_by_age == 1
    assert await names(maintainer, "sip_other") == ["sip_other_p20251223_0000"]


async def _waits(observer: asyncpg.Connection, pid: int) -> None:
    """Return once a session waits for another one."""
    async with asyncio.timeout(60):
        while not await observer.fetchval("select pg_blocking_pids($1) <> '{}'", pid):
            await asyncio.sleep(0.01)
