"""Reports of ingest on the bus become rows of the node table, and nothing else."""

from collections.abc import Sequence

import pytest

from hep import admit
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.origins import Headers, Numbering, headers_of
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER, LOG
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.node_report import NodeKind, NodeReport, NodeState, encode_reports
from hepscope_common.store.connection import Access, connect
from hepscope_storage_writer.maintain_counts import MaintainerCounts
from hepscope_storage_writer.maintain_round import Round
from hepscope_storage_writer.maintain_settings import RetentionSettings
from integration.storage_writer.rig import NOW_US, PEER, fetch, make_bus, resumed_bus, running
from support.builders import make_packet
from support.postgres import execute

pytestmark = pytest.mark.database

OTHERS = NodeState(slot=0, kind=NodeKind.OTHER, name="other")
ROWS = (
    "select instance, name, packets, refused::text as refused from hepscope.node_report"
    " where slot > 0 order by instance, slot"
)
DAY_US = 86_400_000_000


def said(
    *nodes: NodeState, at_us: int = NOW_US, instance: str = "edge:9060", started_us: int = NOW_US
) -> list[bytes]:
    """The packets of a report."""
    report = NodeReport(
        instance=instance,
        started_us=started_us,
        reported_us=at_us,
        period_ms=10_000,
        nodes=[OTHERS, *nodes],
    )
    return list(encode_reports(report))


def node(name: str, packets: int, *, slot: int = 1, **refused: int) -> NodeState:
    """A state."""
    return NodeState(slot=slot, name=name, packets=packets, refused=refused)


def log_line(text: bytes) -> bytes:
    """A log line as ingest puts it on the bus."""
    packet = make_packet(text, protocol_type=100)
    return admit(packet, received_at_us=NOW_US, peer=PEER).packet


def put_record(
    bus: MemoryBus, packets: Sequence[bytes], *, partition: int = 0, headers: Headers = ()
) -> None:
    """Put packets on the bus as one record of the log topic."""
    producer = bus.producer()
    assert producer.offer(LOG, partition, b"".join(packets), len(packets), headers)


async def found(dsn: str) -> list[tuple[object, ...]]:
    """The rows of nodes."""
    return [tuple(row) for row in await fetch(dsn, ROWS)]


async def test_a_report_is_stored_as_rows_and_not_as_a_message(database: str) -> None:
    """Between log lines of the same record; HOMER's views and the list of nodes show none of it."""
    bus = make_bus(partitions=1)
    put_record(
        bus,
        [log_line(b"before"), *said(node("a", 5), node("b", 7, slot=2, network=2)), log_line(b"x")],
    )

    async with running(bus, database) as rig:
        pass

    assert await found(database) == [
        ("edge:9060", "a", 5, "{}"),
        ("edge:9060", "b", 7, '{"network": 2}'),
    ]
    (rows,) = await fetch(database, "select count(*), count(distinct node) from hepscope.packet")
    (views,) = await fetch(database, "select count(*) from homer.hep_proto_100_default")
    nodes = await fetch(database, "select packet_count from hepscope.node")
    assert (tuple(rows), tuple(views)) == ((2, 1), (2,))
    assert [row[0] for row in nodes] == [2]
    assert rig.counts()["node_reports_total{}"] == 1
    assert rig.counts()["rows_total{packet_log}"] == 2


async def test_two_instances_are_told_apart(database: str) -> None:
    """Each has its own rows, whichever partitions their reports take."""
    bus = make_bus(partitions=2)
    for partition, instance in enumerate(("edge:9060", "core:9060")):
        states = said(node("a", 10 + partition), instance=instance)
        put_record(bus, states, partition=partition)

    async with running(bus, database):
        pass

    assert await found(database) == [("core:9060", "a", 11, "{}"), ("edge:9060", "a", 10, "{}")]


async def test_a_restart_is_told_from_a_decrease(database: str) -> None:
    """Counts begin anew, and the row says since when."""
    bus = make_bus(partitions=1)
    put_record(bus, said(node("a", 500), at_us=NOW_US))
    put_record(bus, said(node("a", 3), at_us=NOW_US + 5, started_us=NOW_US + 4))

    async with running(bus, database):
        pass

    (row,) = await fetch(
        database,
        "select packets, hepscope.unix_us(started_at) as started from hepscope.node_report"
        " where slot = 1",
    )
    assert tuple(row) == (3, NOW_US + 4)


async def test_a_replay_of_old_reports_changes_nothing(database: str) -> None:
    """It has a bus of its own, and the reports are older than what is stored."""
    older = said(node("a", 4), at_us=NOW_US + 10)
    bus = make_bus(partitions=1)
    put_record(bus, older)
    put_record(bus, said(node("a", 9), at_us=NOW_US + 20))
    async with running(bus, database):
        pass
    assert await found(database) == [("edge:9060", "a", 9, "{}")]

    replay = MemoryBus(bus_id="replay", partitions=1, groups=["writer"])
    put_record(replay, older)
    async with running(replay, database):
        pass
    assert await found(database) == [("edge:9060", "a", 9, "{}")]


async def test_a_record_sent_twice_is_taken_once(database: str) -> None:
    """Reports are numbered like the packets of plain senders beside them."""
    headers = headers_of(Numbering(b"o" * 16, 1))
    bus = make_bus(partitions=1)
    for _ in range(2):
        put_record(bus, [*said(node("a", 1)), log_line(b"x")], headers=headers)

    async with running(bus, database) as rig:
        pass

    assert rig.counts()["node_reports_total{}"] == 1
    assert rig.counts()["duplicates_total{}"] == 2


async def test_a_forged_report_is_a_dead_letter_and_harms_nothing(database: str) -> None:
    """Somebody who can write to the bus can write anything; the record's other packets stay."""
    (good,) = said(node("a", 1))
    forged = good.replace(b'"slot":1', b'"slot":x')
    huge = said(node("a", 1).model_copy(update={"packets": (1 << 63) - 1}))[0]
    huge = huge.replace(b"9223372036854775807", b"9999999999999999999")
    bus = make_bus(partitions=1)
    put_record(bus, [log_line(b"x"), forged, huge, *said(node("b", 2, slot=2))])

    async with running(bus, database) as rig:
        pass

    letters = bus.logs[TopicPartition(DEAD_LETTER, 0)].read(0, 10_000_000)
    assert [dict(letter.headers)["reason"] for letter in letters] == [b"bad_node_report"] * 2
    assert [dict(letter.headers)["index"] for letter in letters] == [b"1", b"2"]
    assert letters[0].value == forged
    assert dict(letters[1].headers)["detail"].startswith(b"nodes.1.packets")
    assert await found(database) == [("edge:9060", "b", 2, "{}")]
    assert len(await fetch(database, "select from hepscope.packet")) == 1
    assert rig.counts()["dead_letters_total{bad_node_report}"] == 2


async def test_reports_share_the_fate_of_their_batch(database: str) -> None:
    """A bad packet beside them is found and leaves; the report is stored with the rest."""
    await execute(
        database, "alter table hepscope.packet add constraint no check (payload <> 'poison')"
    )
    bus = make_bus(partitions=1)
    put_record(bus, [log_line(b"poison"), *said(node("a", 1)), log_line(b"fine")])

    async with running(bus, database) as rig:
        pass

    assert await found(database) == [("edge:9060", "a", 1, "{}")]
    assert len(await fetch(database, "select from hepscope.packet")) == 1
    assert rig.counts()["dead_letters_total{refused_by_database}"] == 1


async def test_a_flood_of_names_stays_within_the_slots(database: str) -> None:
    """However many nodes are invented, an instance has a bounded number of rows."""
    for number in range(5):
        bus = await resumed_bus(database, partitions=1)
        nodes = [node(f"forged-{number}-{slot}", 0, slot=slot, auth_key=1) for slot in range(1, 65)]
        put_record(bus, said(*nodes, at_us=NOW_US + number))
        async with running(bus, database):
            pass

    rows = await found(database)
    assert len(rows) == 64
    assert {str(name)[:9] for _, name, _, _ in rows} == {"forged-4-"}


async def test_the_maintainer_forgets_silent_ingests(database: str) -> None:
    """After the days of the setting, counted from when they were heard last."""
    bus = make_bus(partitions=1)
    put_record(bus, said(node("a", 1)))
    async with running(bus, database):
        pass
    (row,) = await fetch(database, "select hepscope.unix_us(now())")
    counts = MaintainerCounts()
    connection = await connect(database, Access.MAINTAINER, application_name="test")
    try:
        work = Round(
            connection=connection,
            settings=RetentionSettings(node_reports_days=2),
            counts=counts,
            throttle=Throttle(get_logger("test")),
            free=lambda _: 1 << 50,
            local=True,
        )
        await work.run(row[0] + DAY_US)
        assert (counts.node_reports_expired, len(await found(database))) == (0, 1)
        await work.run(row[0] + 3 * DAY_US)
    finally:
        await connection.close()

    assert counts.node_reports_expired == 2
    assert await found(database) == []
