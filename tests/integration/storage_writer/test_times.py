"""Times at the edges: midnight, retention, absurd clocks, Call-IDs used again."""

import pytest

from integration.storage_writer.rig import (
    NOW_US,
    SETTINGS,
    fetch,
    make_bus,
    put,
    running,
    store,
    until_committed,
)
from support.builders import make_call, make_packet, make_request, make_response
from support.postgres import execute

pytestmark = pytest.mark.database

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MIDNIGHT = NOW_US - NOW_US % DAY


def invite(call_id: str, time_us: int) -> bytes:
    """Return an initial INVITE at a time."""
    return make_packet(make_request("INVITE", call_id), time_us=time_us)


async def calls(database: str) -> list[tuple[str, int, int]]:
    """Return Call-ID, age of the key in minutes and message count of every call row."""
    rows = await fetch(
        database,
        "select call_id, hepscope.unix_us(key_time) k, message_count from hepscope.call"
        " order by call_id, key_time",
    )
    return [(row["call_id"], (NOW_US - row["k"]) // MINUTE, row["message_count"]) for row in rows]


async def leaves(database: str, table: str) -> list[str]:
    """Return the leaves that hold rows, with a call before and after midnight in each."""
    rows = await fetch(
        database, f"select distinct tableoid::regclass::text leaf from hepscope.{table} order by 1"
    )
    return [row["leaf"].removeprefix("hepscope.") for row in rows]


async def test_a_batch_across_midnight_fills_two_leaves(database: str) -> None:
    """Each message lies in its day; the call is one row, in the day of its first."""
    await store(database, make_call("late", start_us=MIDNIGHT - 2_000_000))

    assert len(await leaves(database, "sip")) == 2
    assert len(await leaves(database, "call")) == 1
    ((_, _, count),) = await calls(database)
    assert count == 7


@pytest.mark.parametrize("one_batch", [True, False])
@pytest.mark.parametrize(
    ("gap", "rows"), [(MINUTE, 1), (2 * HOUR, 1), (25 * HOUR, 2), (21 * DAY, 2)]
)
async def test_a_call_id_used_again_after_a_day_of_silence_is_a_new_call(
    database: str, gap: int, rows: int, *, one_batch: bool
) -> None:
    """After a minute or two hours it is the same call, after a day or three weeks another."""
    first, second = invite("again", NOW_US - gap), invite("again", NOW_US)
    if one_batch:
        await store(database, [first, second])
    else:
        await store(database, [first])
        await store(database, [second])

    found = await calls(database)
    assert [age for _, age, _ in found] == [gap // MINUTE, 0][:rows]
    assert sum(count for _, _, count in found) == 2


async def test_a_call_of_three_days_is_one_call_across_a_restart(database: str) -> None:
    """Its BYE finds the row that a writer of long ago made."""
    await store(database, make_call("long", start_us=NOW_US - 3 * DAY)[:5])
    bye = make_packet(make_request("BYE", "long", cseq=2, to_tag="to-1"), time_us=NOW_US)

    await store(database, [bye, make_packet(make_response(200, "OK", "BYE", "long", cseq=2))])

    assert await calls(database) == [("long", 3 * DAY // MINUTE, 7)]


async def test_a_late_message_finds_its_call(database: str) -> None:
    """An answer that comes before its INVITE, by another node, ends in the same row."""
    call = make_call("mixed", start_us=NOW_US - HOUR)
    await store(database, call[3:])

    await store(database, call[:3])

    ((_, _, count),) = await calls(database)
    (row,) = await fetch(
        database,
        "select method, flags & 1 as initial, started_at < key_time as moved from hepscope.call",
    )
    assert count == 7
    assert (row["method"], row["initial"], row["moved"]) == ("INVITE", 1, True)


RAISE_FLOORS = (
    f"update hepscope.partition_policy set floor = to_timestamp({(NOW_US - DAY) // 1_000_000})"
)


def old_packets(old: int) -> list[bytes]:
    """A call, a log line and a registration of one time."""
    return [
        *make_call("old", start_us=old),
        make_packet(b"line", protocol_type=100, time_us=old),
        make_packet(make_request("REGISTER", "reg"), time_us=old),
    ]


async def test_what_is_below_the_floor_is_filed_under_its_arrival(database: str) -> None:
    """It keeps its own time beside it, and is found like any other."""
    await execute(database, RAISE_FLOORS)
    old = NOW_US - 3 * DAY

    counts = await store(database, [*old_packets(old), *make_call("new", start_us=NOW_US - HOUR)])

    assert counts["times_replaced_total{past}"] == 9
    assert {name for name in counts if name.startswith("strays")} == set()
    rows = await fetch(
        database,
        "select call_id, count(*), count(capture_time) as kept from hepscope.sip group by 1",
    )
    found = {row["call_id"]: (row["count"], row["kept"]) for row in rows}
    assert found == {"old": (7, 7), "reg": (1, 1), "new": (7, 0)}
    assert len(await fetch(database, "select from hepscope.packet where capture_time < time")) == 1
    assert len(await fetch(database, "select from hepscope.registration")) == 1


async def test_each_kind_of_data_has_its_own_age(database: str) -> None:
    """A call of ten days lies where it belongs; a registration that old is filed as it comes."""
    counts = await store(database, old_packets(NOW_US - 10 * DAY))

    assert counts["times_replaced_total{past}"] == 2
    assert (
        len(await fetch(database, "select from hepscope.sip_call where capture_time is null")) == 7
    )
    assert (
        len(
            await fetch(database, "select from hepscope.sip_registration where capture_time < time")
        )
        == 1
    )


async def test_a_floor_that_has_just_risen_makes_strays(database: str) -> None:
    """Nothing is refused while the writer does not know it yet: kept apart and counted."""
    bus = make_bus(partitions=1)
    async with running(bus, database) as rig:
        put(bus, make_call("before", start_us=NOW_US - HOUR))
        await until_committed(rig, 1)
        await execute(database, RAISE_FLOORS)
        put(bus, old_packets(NOW_US - 3 * DAY))

    counts = rig.counts()
    assert counts["strays_total{sip_stray}"] == 8
    assert counts["strays_total{packet_stray}"] == 1
    assert counts["expired_facts_total{}"] == 1
    assert len(await fetch(database, "select from hepscope.sip_stray")) == 8


async def test_a_dropped_leaf_is_asked_for_again(database: str) -> None:
    """A writer that remembers a leaf which retention dropped stores the batch all the same."""
    bus = make_bus(partitions=1)
    async with running(bus, database) as rig:
        put(bus, make_call("before", start_us=NOW_US - HOUR))
        await until_committed(rig, 1)
        (leaf,) = await leaves(database, "sip")
        await execute(
            database,
            f'alter table hepscope.sip_call detach partition hepscope."{leaf}"',
            f'drop table hepscope."{leaf}"',
        )
        put(bus, make_call("after", start_us=NOW_US - HOUR))

    rows = await fetch(database, "select distinct call_id from hepscope.sip")
    assert [row["call_id"] for row in rows] == ["after"]
    assert rig.counts()["attempts_total{leaf_gone}"] >= 1


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (0, "zero"),
        (1_000_000, "past"),
        (2_147_483_647_000_000, "future"),
        (NOW_US + 2_208_988_800_000_000, "ntp_era"),
    ],
)
async def test_absurd_times_are_counted_and_found(database: str, sent: int, reason: str) -> None:
    """1970, 2038 and the NTP era lie where they were received."""
    counts = await store(database, [invite("odd", sent)])

    (row,) = await fetch(
        database,
        "select hepscope.unix_us(time) t, hepscope.unix_us(capture_time) c, flags, extra"
        " from hepscope.sip",
    )
    assert counts[f"times_replaced_total{{{reason}}}"] == 1
    assert (row["t"], row["flags"] & 4) == (NOW_US, 4)
    assert row["c"] == (sent if reason in {"past", "future"} else None)
    assert (row["extra"] or "").count(str(sent)) == (reason == "ntp_era")


async def test_an_agent_two_days_ahead_makes_one_call(database: str) -> None:
    """Its clock is wrong by the same amount in every message, so nothing falls silent."""
    start = NOW_US + 2 * DAY
    call = make_call("ahead", start_us=start)
    retry = make_packet(make_request("INVITE", "ahead", cseq=2), time_us=start + MINUTE)

    await store(database, call)
    await store(database, [retry])

    assert await calls(database) == [("ahead", 0, 8)]


async def test_the_silence_is_a_setting(database: str) -> None:
    """With one hour of silence a Call-ID used again after two is another call."""
    settings = SETTINGS.model_copy(update={"silence_hours": 1.0})

    await store(database, [invite("x", NOW_US - 2 * HOUR), invite("x", NOW_US)], settings)

    assert [age for _, age, _ in await calls(database)] == [120, 0]
