"""Parties and nodes are shared by all writers, and never make them wait for each other."""

import asyncio
import random

import pytest

from hepscope_common.store.connection import Access, connect
from hepscope_storage_writer import nodes, parties
from hepscope_storage_writer.nodes import NodeSeen
from integration.storage_writer.rig import (
    NOW_US,
    SETTINGS,
    fetch,
    make_bus,
    make_writer,
    put,
    running,
)
from support.builders import make_packet, make_request

pytestmark = pytest.mark.database

DAY = 86_400_000_000


async def test_overlapping_parties_deadlock_in_none_of_1000_transactions(database: str) -> None:
    """Two writers upsert the same users in sorted batches, each with another last day."""

    async def write(number: int) -> None:
        chance = random.Random(number)
        connection = await connect(database, Access.WRITER, application_name="test")
        for turn in range(500):
            values = sorted({f"user{chance.randrange(40)}" for _ in range(15)})
            days = [turn * 2 + number] * len(values)
            await connection.execute(parties.UPSERT, values, days)
        await connection.close()

    await asyncio.gather(write(0), write(1))

    (row,) = await fetch(database, "select count(*), max(last_day) from hepscope.party")
    assert row[0] == 40


async def test_two_writers_store_calls_of_the_same_users(database: str) -> None:
    """Both finish, and every user is there once with the newest day."""
    bus = make_bus(partitions=8)
    packets = [
        make_packet(
            make_request("INVITE", f"c{n}", from_user=f"u{n % 50}", to_user=f"u{n * 7 % 50}"),
            time_us=NOW_US - (n % 3) * DAY,
        )
        for n in range(2000)
    ]
    small = SETTINGS.model_copy(update={"batch_packets": 40, "party_cache": 5})
    first, second = make_writer(bus, database, small), make_writer(bus, database, small)
    async with first.writer, second.writer:
        put(bus, packets, per_record=5)
    assert (first.supervisor.failure, second.supervisor.failure) == (None, None)

    rows = await fetch(
        database,
        "select value, last_day = to_timestamp($1::float8)::date as newest from hepscope.party",
        NOW_US / 1e6,
    )
    assert len(rows) == 50
    assert all(row["newest"] for row in rows)


async def test_node_counts_add_up_over_writes(database: str) -> None:
    """Two writes of one node: counts added, times widened, the newest version kept."""
    connection = await connect(database, Access.WRITER, application_name="test")
    for seen in (NodeSeen(7, 3, 100, 200, 5), NodeSeen(8, 2, 50, 150, 2)):
        await connection.execute(nodes.UPSERT, *nodes.columns({"a": seen}))
    await connection.close()

    (row,) = await fetch(
        database,
        "select *, hepscope.unix_us(first_seen) f, hepscope.unix_us(last_seen) l"
        " from hepscope.node",
    )
    assert (row["node_id"], row["hep_version"], row["packet_count"]) == (7, 3, 7)
    assert (row["f"], row["l"]) == (50, 200)


async def test_nodes_are_written_at_the_end_at_the_latest(database: str) -> None:
    """A writer that ends at once has written its counts."""
    slow = SETTINGS.model_copy(update={"node_flush_seconds": 3600.0})
    bus = make_bus()
    async with running(bus, database, slow):
        put(bus, [make_packet(make_request(), node_name=b"sbc"), make_packet(make_request())])

    rows = await fetch(database, "select name, packet_count from hepscope.node order by 1")
    assert [tuple(row) for row in rows] == [("7", 1), ("sbc", 1)]
