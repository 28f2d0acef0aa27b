"""Late and out-of-order data with two writers: each row lies where its time belongs."""

import random

import pytest

from integration.storage_writer.rig import (
    NOW_US,
    SETTINGS,
    fetch,
    make_bus,
    make_writer,
    put,
    until,
    until_committed,
)
from support.builders import make_call, make_packet
from support.postgres import execute

pytestmark = pytest.mark.database

HOUR = 3_600_000_000
DAY = 24 * HOUR
SMALL = SETTINGS.model_copy(update={"batch_packets": 60})
HOURLY = "update hepscope.partition_policy set width = '1 hour' where root = '{}'::regclass"
# Ages within the 30 days that calls are kept, and beyond. 7 minutes: no call crosses an hour.
KEPT = (0, HOUR, 5 * HOUR, 26 * HOUR, 3 * DAY, 10 * DAY, 29 * DAY)
EXPIRED = (31 * DAY, 400 * DAY)
CALLS_EACH = 8

# Rows of which the leaf's bounds do not hold the time.
_MISPLACED = """
select count(*) from hepscope.{root} m
join hepscope.leaves('hepscope.{root}'::regclass) l
  on 'hepscope.' || l.leaf = m.tableoid::regclass::text
where m.{time} < l.lower or m.{time} >= l.upper
"""


def traffic(seed: int) -> list[bytes]:
    """Return calls and log lines of many ages, in disorder."""
    packets = [
        packet
        for age in (*KEPT, *EXPIRED)
        for n in range(CALLS_EACH)
        for packet in make_call(f"{age // HOUR}h-{n}", start_us=NOW_US - age - 7 * 60_000_000)
    ]
    packets += [
        make_packet(b"line", protocol_type=100, time_us=NOW_US - age, correlation_id=b"log")
        for age in (*KEPT, *EXPIRED)
    ]
    random.Random(seed).shuffle(packets)  # the same disorder each time
    return packets


@pytest.mark.parametrize("seed", [1, 2])
async def test_two_writers_file_late_data_by_its_own_time(database: str, seed: int) -> None:
    """Hours and days old, shuffled over two writers: right leaves, whole calls, nothing twice.

    What is older than its kind is kept is filed under its arrival, its own time beside it.
    """
    await execute(database, HOURLY.format("hepscope.sip_call"))
    bus = make_bus(partitions=8)
    packets = traffic(seed)
    first, second = make_writer(bus, database, SMALL), make_writer(bus, database, SMALL)
    async with first.writer, second.writer:
        put(bus, packets, per_record=10)
        await until_committed(first, 1)
        await until_committed(second, 1)
        await until(lambda: first.writer.lag_records + second.writer.lag_records == 0)
    assert (first.supervisor.failure, second.supervisor.failure) == (None, None)

    for root, column in (("sip_call", "time"), ("packet_log", "time"), ("call", "key_time")):
        ((misplaced,),) = await fetch(database, _MISPLACED.format(root=root, time=column))
        assert misplaced == 0, root
    rows = await fetch(
        database,
        "select split_part(call_id, '-', 1) as age, count(*) as n, count(distinct id) as ids,"
        " count(capture_time) as replaced, count(distinct tableoid) as leaves,"
        " hepscope.unix_us(min(time)) as first from hepscope.sip group by 1",
    )
    each = CALLS_EACH * 7
    found = {row["age"]: row for row in rows}
    assert {age: (row["n"], row["ids"], row["leaves"]) for age, row in found.items()} == {
        f"{age // HOUR}h": (each, each, 1) for age in (*KEPT, *EXPIRED)
    }
    for age in KEPT:
        row = found[f"{age // HOUR}h"]
        assert (row["replaced"], row["first"]) == (0, NOW_US - age - 7 * 60_000_000)
    for age in EXPIRED:
        row = found[f"{age // HOUR}h"]
        assert (row["replaced"], row["first"]) == (each, NOW_US)
    calls = await fetch(database, "select message_count from hepscope.call")
    assert [row[0] for row in calls] == [7] * CALLS_EACH * len((*KEPT, *EXPIRED))
    assert await fetch(database, "select from hepscope.sip_stray") == []


async def test_each_kind_goes_by_its_own_age_and_keeps_its_own_width(database: str) -> None:
    """Log lines are kept a week: of nine ages five lie in their day, four under their arrival."""
    bus = make_bus(partitions=4)
    first, second = make_writer(bus, database, SMALL), make_writer(bus, database, SMALL)
    async with first.writer, second.writer:
        put(bus, traffic(3), per_record=10)
        await until(lambda: first.writer.lag_records + second.writer.lag_records == 0)

    rows = await fetch(
        database,
        "select tableoid::regclass::text as leaf, count(*) as n, count(capture_time) as replaced"
        " from hepscope.packet_log group by 1",
    )
    assert sum(row["n"] for row in rows) == len((*KEPT, *EXPIRED))
    assert sum(row["replaced"] for row in rows) == sum(age > 7 * DAY for age in (*KEPT, *EXPIRED))
    assert all(row["leaf"].endswith("_0000") for row in rows)


async def test_below_a_floor_that_just_rose_both_writers_make_strays(database: str) -> None:
    """Neither knows of it yet: rows are kept apart and counted by both, and none is refused."""
    bus = make_bus(partitions=8)
    first, second = make_writer(bus, database, SMALL), make_writer(bus, database, SMALL)
    async with first.writer, second.writer:
        put(bus, [p for n in range(20) for p in make_call(f"now-{n}", start_us=NOW_US - HOUR)])
        await until_committed(first, 1)
        await until_committed(second, 1)
        floor = f"to_timestamp({(NOW_US - 2 * DAY) // 1_000_000})"
        await execute(database, f"update hepscope.partition_policy set floor = {floor}")
        put(bus, [p for n in range(20) for p in make_call(f"late-{n}", start_us=NOW_US - 5 * DAY)])
        await until(lambda: first.writer.lag_records + second.writer.lag_records == 0)

    strays = [rig.counts().get("strays_total{sip_stray}", 0) for rig in (first, second)]
    assert sum(strays) == 20 * 7
    assert min(strays) > 0
    ((stored,),) = await fetch(database, "select count(*) from hepscope.sip_stray")
    assert stored == 20 * 7
