"""Leaves made by the database: one per range, found by its bounds, never below the floor."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import ALWAYS_US, NEVER_US, Leaf, LeafCache, bin_start
from hepscope_common.store.verdicts import is_missing_leaf

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

pytestmark = pytest.mark.database


def us(text: str) -> int:
    """Return an RFC 3339 time in microseconds since 1970."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


NOON = us("2026-01-31T12:00:00Z")
MIDNIGHT = us("2026-02-01T00:00:00Z")


async def names(connection: asyncpg.Connection, root: str) -> list[str]:
    """Return the leaves of a root, oldest first."""
    rows = await connection.fetch("select leaf from leaves($1::text::regclass)", root)
    return [row["leaf"] for row in rows]


async def test_leaf_is_made_and_named_by_its_utc_start(writer: asyncpg.Connection) -> None:
    """A leaf covers its day; its name says the root and the start in UTC."""
    leaf = await LeafCache().ensure(writer, "sip_call", NOON, now_us=NOON)

    assert leaf == Leaf("sip_call_p20260131_0000", MIDNIGHT - DAY_US, MIDNIGHT)
    assert await names(writer, "sip_call") == ["sip_call_p20260131_0000"]


async def test_batch_across_midnight_has_two_leaves(writer: asyncpg.Connection) -> None:
    """The microsecond before midnight and midnight itself are stored apart."""
    cache = LeafCache()
    before = await cache.ensure(writer, "call", MIDNIGHT - 1, now_us=NOON)
    after = await cache.ensure(writer, "call", MIDNIGHT, now_us=NOON)

    assert (before.name, after.name) == ("call_p20260131_0000", "call_p20260201_0000")
    assert cache.find("call", MIDNIGHT - 1) == before
    assert cache.find("call", MIDNIGHT) == after
    assert cache.find("call", MIDNIGHT + DAY_US) is None
    assert cache.find("registration", MIDNIGHT) is None


async def test_time_too_far_ahead_is_a_stray_for_now_only(writer: asyncpg.Connection) -> None:
    """2038 has no leaf today; the answer is not remembered, because time goes on."""
    cache = LeafCache()
    future = us("2038-01-19T03:14:08Z")
    leaf = await cache.ensure(writer, "sip_call", future, now_us=NOON)

    assert leaf.name is None
    assert leaf.upper_us == NEVER_US
    assert cache.find("sip_call", future) is None
    assert (await cache.ensure(writer, "sip_call", future, now_us=future)).name is not None


async def test_time_below_the_floor_is_a_stray_for_good(
    writer: asyncpg.Connection, maintainer: asyncpg.Connection
) -> None:
    """Below the floor no leaf comes back, and the cache knows the whole range; on it one does."""
    await maintainer.execute(
        "update partition_policy set floor = '2026-01-31' where root = 'sip_call'::regclass"
    )
    cache = LeafCache()
    floor = MIDNIGHT - DAY_US
    leaf = await cache.ensure(writer, "sip_call", us("1970-01-01T00:00:00Z"), now_us=NOON)

    assert leaf == Leaf(None, ALWAYS_US, floor)
    assert cache.find("sip_call", floor - 1) == leaf
    assert (await cache.ensure(writer, "sip_call", floor, now_us=NOON)).name is not None


async def test_time_of_1970_has_a_leaf_while_nothing_expired(writer: asyncpg.Connection) -> None:
    """Without a floor an import of any age finds its day, before 1970 too."""
    cache = LeafCache()
    first = await cache.ensure(writer, "sip_call", 0, now_us=NOON)
    older = await cache.ensure(writer, "sip_call", -1, now_us=NOON)

    assert (first.name, older.name) == ("sip_call_p19700101_0000", "sip_call_p19691231_0000")


async def test_dropped_leaf_is_forgotten_and_asked_for_again(
    writer: asyncpg.Connection, maintainer: asyncpg.Connection
) -> None:
    """A writer that knows a leaf which is gone gets an error that says so, then the stray."""
    cache = LeafCache()
    leaf = await cache.ensure(writer, "sip_other", NOON, now_us=NOON)
    await maintainer.execute(
        "update partition_policy set floor = '2026-02-01' where root = 'sip_other'::regclass"
    )
    await maintainer.execute(f"drop table {leaf.name}")

    with pytest.raises(asyncpg.UndefinedTableError) as refused:
        await writer.copy_records_to_table(str(leaf.name), records=[])
    assert is_missing_leaf(refused.value)
    cache.forget("sip_other")

    assert (await cache.ensure(writer, "sip_other", NOON, now_us=NOON)).name is None


async def test_ten_replicas_make_one_leaf(database: str) -> None:
    """Ten sessions that ask at once get the same leaf, which exists once."""
    sessions = [
        await connect(database, Access.WRITER, application_name="writer") for _ in range(10)
    ]
    try:
        leaves = await asyncio.gather(
            *(
                LeafCache().ensure(session, "packet_media", NOON, now_us=NOON)
                for session in sessions
            )
        )
        assert set(leaves) == {leaves[0]}
        assert await names(sessions[0], "packet_media") == ["packet_media_p20260131_0000"]
    finally:
        for session in sessions:
            session.terminate()


async def test_changed_width_respects_the_leaves_that_exist(
    writer: asyncpg.Connection, maintainer: asyncpg.Connection
) -> None:
    """A leaf is found by its bounds; a new one is cut to fit between its neighbours."""
    await LeafCache().ensure(writer, "sip_call", NOON, now_us=NOON)
    await _set_width(maintainer, "1 hour")
    cache = LeafCache()
    inside = await cache.ensure(writer, "sip_call", NOON, now_us=NOON)
    hour = await cache.ensure(writer, "sip_call", MIDNIGHT + 5 * HOUR_US, now_us=NOON)
    await _set_width(maintainer, "1 day")
    gap = await LeafCache().ensure(writer, "sip_call", MIDNIGHT + 2 * HOUR_US, now_us=NOON)
    rest = await LeafCache().ensure(writer, "sip_call", MIDNIGHT + 9 * HOUR_US, now_us=NOON)

    assert inside.name == "sip_call_p20260131_0000"
    assert hour.name == "sip_call_p20260201_0500"
    assert gap == Leaf("sip_call_p20260201_0000", MIDNIGHT, MIDNIGHT + 5 * HOUR_US)
    assert rest == Leaf("sip_call_p20260201_0600", MIDNIGHT + 6 * HOUR_US, MIDNIGHT + DAY_US)


async def test_unknown_root_is_an_error(writer: asyncpg.Connection) -> None:
    """A table without policy gets no leaves by mistake."""
    with pytest.raises(asyncpg.InvalidParameterValueError, match="no partition policy"):
        await LeafCache().ensure(writer, "party", NOON, now_us=NOON)


async def test_leaves_have_the_indexes_keys_and_options_of_their_policy(
    writer: asyncpg.Connection,
) -> None:
    """ATTACH gives a leaf its root's indexes and primary key, the policy its storage options."""
    await LeafCache().ensure(writer, "call", NOON, now_us=NOON)
    options = await writer.fetchval(
        "select reloptions from pg_class where relname = 'call_p20260131_0000'"
    )
    indexes = await writer.fetchval(
        "select count(*) from pg_index where indrelid = 'call_p20260131_0000'::regclass"
    )

    assert options == ["fillfactor=70", "autovacuum_vacuum_scale_factor=0.05"]
    assert indexes == 6


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(min_value=-(10**15), max_value=4 * 10**15),
    st.sampled_from([60_000_000, 900_000_000, HOUR_US, 6 * HOUR_US, DAY_US, 7 * DAY_US]),
)
async def test_bins_are_those_of_date_bin(
    writer: asyncpg.Connection, time_us: int, width_us: int
) -> None:
    """bin_start gives what SQL's date_bin gives, before 1970 too."""
    start = await writer.fetchval(
        "select unix_us(date_bin($1::bigint * interval '1 microsecond',"
        " timestamptz 'epoch' + $2::bigint * interval '1 microsecond',"
        " timestamptz '2000-01-01 00:00:00+00'))",
        width_us,
        time_us,
    )

    assert bin_start(time_us, width_us) == start


async def _set_width(maintainer: asyncpg.Connection, width: str) -> None:
    await maintainer.execute(
        "update partition_policy set width = $1::text::interval where root = 'sip_call'::regclass",
        width,
    )
