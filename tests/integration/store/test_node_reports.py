"""The table of node reports: newest of each slot, bounded, forgotten when silent."""

import time

import asyncpg
import pytest

from hepscope_common.node_report import ListenerState, NodeKind, NodeReport, NodeState
from hepscope_common.store.node_reports import ReportedNodes, expire, store
from support.builders import BASE_US

pytestmark = pytest.mark.database

SECOND = 1_000_000
DAY = 86_400 * SECOND
BUS = "bus-1"


def said(*nodes: NodeState, at_us: int = BASE_US, instance: str = "edge:9060") -> ReportedNodes:
    """One report."""
    reported = ReportedNodes()
    reported.add(
        NodeReport(
            instance=instance,
            started_us=BASE_US - DAY,
            reported_us=at_us,
            period_ms=10_000,
            nodes=list(nodes),
            listeners=[ListenerState(transport="udp", host="::", port=9060, received=7)],
        )
    )
    return reported


def node(packets: int = 1, *, name: str = "a", slot: int = 1) -> NodeState:
    """A state of one slot."""
    return NodeState(slot=slot, name=name, packets=packets)


async def stored(connection: asyncpg.Connection) -> list[tuple[object, ...]]:
    """Instance, slot, name and packets of every row."""
    rows = await connection.fetch(
        "select instance, slot, name, packets from node_report order by instance, slot"
    )
    return [tuple(row) for row in rows]


async def test_every_field_is_stored(writer: asyncpg.Connection) -> None:
    """With microseconds exact, numbers as numbers and text as it is."""
    state = NodeState(
        slot=3,
        kind=NodeKind.ADDRESS,
        name="\u20ac \x07\"'\\",
        node_id=2**32 - 1,
        packets=2**63 - 1,
        packet_bytes=7,
        refused={"auth_key": 2},
        packets_per_s=0.1,
        bytes_per_s=1e12,
        refused_per_s=0.2,
        first_seen_us=BASE_US + 1,
        last_seen_us=BASE_US + 3,
        clock_skew_us=-5,
        hep_versions=[1, 3],
        quirks={"no_time": 9},
    )

    assert await store(writer, BUS, said(state)) == 1

    row = await writer.fetchrow(
        "select unix_us(started_at) as started, unix_us(reported_at) as reported,"
        " unix_us(first_seen) as first, unix_us(last_seen) as last, last_refused, period_ms, kind,"
        " name, node_id, packets, bytes, packets_per_s, bytes_per_s, refused_per_s,"
        " clock_skew_us, hep_versions, refused::text as refused, quirks::text as quirks"
        " from node_report"
    )
    assert row is not None
    assert dict(row) == {
        "started": BASE_US - DAY,
        "reported": BASE_US,
        "first": BASE_US + 1,
        "last": BASE_US + 3,
        "last_refused": None,
        "period_ms": 10_000,
        "kind": "address",
        "name": "\u20ac \x07\"'\\",
        "node_id": 2**32 - 1,
        "packets": 2**63 - 1,
        "bytes": 7,
        "packets_per_s": 0.1,
        "bytes_per_s": 1e12,
        "refused_per_s": 0.2,
        "clock_skew_us": -5,
        "hep_versions": [1, 3],
        "refused": '{"auth_key": 2}',
        "quirks": '{"no_time": 9}',
    }


async def test_where_an_ingest_listens_stands_in_one_row(writer: asyncpg.Connection) -> None:
    """That of everything without a slot, which comes with every report."""
    await store(writer, BUS, said(NodeState(slot=0, kind=NodeKind.OTHER, name="other"), node()))

    rows = await writer.fetch("select slot, listeners::text from node_report order by slot")
    assert [tuple(row) for row in rows] == [
        (0, '[{"host": "::", "port": 9060, "received": 7, "transport": "udp"}]'),
        (1, None),
    ]


async def test_another_bus_changes_only_what_is_older(writer: asyncpg.Connection) -> None:
    """A replay feeds what was; another ingest is another table."""
    await store(writer, BUS, said(node(5), at_us=BASE_US + 10))
    assert await store(writer, "replay", said(node(2), at_us=BASE_US + 9)) == 0
    assert await store(writer, "replay", said(node(5), at_us=BASE_US + 10)) == 1
    await store(writer, "replay", said(node(1), at_us=BASE_US, instance="other:9060"))

    assert await stored(writer) == [("edge:9060", 1, "a", 5), ("other:9060", 1, "a", 1)]


async def test_the_order_of_the_bus_counts_and_not_the_clock(writer: asyncpg.Connection) -> None:
    """An ingest whose clock went back, or that starts again a day behind, is still believed."""
    await store(writer, BUS, said(node(5), at_us=BASE_US))
    assert await store(writer, BUS, said(node(6), at_us=BASE_US - DAY)) == 1

    assert await stored(writer) == [("edge:9060", 1, "a", 6)]


async def test_a_slot_is_taken_over_by_its_next_node(writer: asyncpg.Connection) -> None:
    """So a flood of invented names leaves no more rows than the table has slots."""
    for number in range(50):
        flood = [node(name=f"forged-{number}-{slot}", slot=slot) for slot in range(1, 20)]
        await store(writer, BUS, said(*flood, at_us=BASE_US + number))
    await store(writer, BUS, said(node(name="", slot=5), at_us=BASE_US + 100))

    rows = await stored(writer)
    assert len(rows) == 19
    assert [name for _, slot, name, _ in rows if slot in (4, 5)] == ["forged-49-4", ""]


async def test_a_clock_that_was_ahead_does_not_hold_its_row(writer: asyncpg.Connection) -> None:
    """What it says once it is right is older than what it said, and yet counts on any bus."""
    now_us = time.time_ns() // 1000
    await store(writer, BUS, said(node(5), at_us=now_us + DAY))
    await store(writer, "new bus", said(node(6), at_us=now_us))

    assert await stored(writer) == [("edge:9060", 1, "a", 6)]


async def test_silent_ingests_are_forgotten(
    writer: asyncpg.Connection, maintainer: asyncpg.Connection
) -> None:
    """By when they were heard last, not by what their own clocks say."""
    now_us = int(await writer.fetchval("select unix_us(now())"))
    await store(writer, BUS, said(node(), at_us=BASE_US))

    assert await expire(maintainer, now_us + 6 * DAY, days=7) == 0
    assert await expire(maintainer, now_us + 8 * DAY, days=7) == 1
    assert await stored(writer) == []


async def test_the_writer_deletes_none(
    writer: asyncpg.Connection, reader: asyncpg.Connection
) -> None:
    """Its role stores, the reader's reads."""
    await store(writer, BUS, said(node()))
    assert await stored(reader) == [("edge:9060", 1, "a", 1)]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await writer.execute("delete from node_report")
    with pytest.raises(asyncpg.PostgresError):
        await store(reader, BUS, said(node(2)))
