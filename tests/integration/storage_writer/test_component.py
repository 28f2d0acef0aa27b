"""The writer from the bus to the database: what goes where, and how it starts and ends."""

import pytest

from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER, SIGNALLING
from hepscope_common.runtime import StartupError
from integration.storage_writer.rig import (
    NOW_US,
    SETTINGS,
    fetch,
    make_bus,
    make_writer,
    put,
    running,
    store,
    until,
)
from support.builders import make_call, make_packet, make_request, make_response

pytestmark = pytest.mark.database


async def test_a_call_is_stored_with_its_messages(database: str) -> None:
    """Seven packets become seven rows, one call, two parties and one node."""
    counts = await store(database, make_call("one@example.org"))

    (call,) = await fetch(database, "select * from hepscope.call")
    rows = await fetch(database, "select method, status from hepscope.sip order by time")
    parties = await fetch(database, "select value from hepscope.party order by 1")
    (node,) = await fetch(database, "select * from hepscope.node")
    assert (call["call_id"], call["status"], call["message_count"]) == ("one@example.org", 200, 7)
    assert [row["method"] or row["status"] for row in rows] == [
        "INVITE",
        100,
        180,
        200,
        "ACK",
        "BYE",
        200,
    ]
    assert [row["value"] for row in parties] == ["alice", "bob"]
    assert (node["name"], node["node_id"], node["packet_count"]) == ("7", 7, 7)
    assert counts == {
        "rows_total{sip_call}": 7,
        "facts_total{call}": 1,
        "parties_total{}": 2,
        "attempts_total{committed}": 1,
    }


async def test_every_kind_of_packet_has_its_table(database: str) -> None:
    """Registrations, other SIP, media, logs and the rest lie apart, and nothing is left out."""
    packets = [
        make_packet(make_request("REGISTER", "reg")),
        make_packet(make_response(200, "OK", "REGISTER", "reg")),
        make_packet(make_request("OPTIONS", "opt")),
        make_packet(b"no SIP at all"),
        make_packet(b"{}", protocol_type=5, correlation_id=b"opt"),
        make_packet(b"a line", protocol_type=100, correlation_id=b"opt"),
        make_packet(b"diameter", protocol_type=56),
    ]

    counts = await store(database, packets)

    assert {name: n for name, n in counts.items() if name.startswith("rows")} == {
        "rows_total{sip_registration}": 2,
        "rows_total{sip_other}": 2,
        "rows_total{packet_media}": 1,
        "rows_total{packet_log}": 1,
        "rows_total{packet_other}": 1,
    }
    (registration,) = await fetch(database, "select * from hepscope.registration")
    assert (registration["call_id"], registration["status"]) == ("reg", 200)
    assert registration["message_count"] == 2
    called = await fetch(database, "select call_id from hepscope.call order by 1")
    assert [row["call_id"] for row in called] == ["opt", "reg"]


async def test_messages_without_calls_when_so_set(database: str) -> None:
    """With call records off only messages are stored."""
    await store(database, make_call(), SETTINGS.model_copy(update={"calls": False}))

    assert await fetch(database, "select from hepscope.call") == []
    assert len(await fetch(database, "select from hepscope.sip")) == 7


async def test_ids_are_bus_coordinates(database: str) -> None:
    """The id of a row says where its packet stood on the bus."""
    bus = make_bus(partitions=1)
    async with running(bus, database):
        put(bus, make_call(), per_record=3)

    rows = await fetch(database, "select id from hepscope.sip order by id")
    assert [row["id"] for row in rows] == [0, 1, 2, 1024, 1025, 1026, 2048]


async def test_it_is_ready_only_between_take_over_and_end(database: str) -> None:
    """Readiness says why not."""
    bus = make_bus()
    rig = make_writer(bus, database)
    assert rig.writer.readiness() == (False, "not started")
    async with rig.writer:
        put(bus, make_call())
        await until(lambda: rig.writer.readiness() == (True, "storing"))
    assert rig.writer.readiness() == (False, "ended")


async def test_the_end_stores_what_is_on_the_bus(database: str) -> None:
    """Packets that were accepted before the end are in the database after it."""
    bus = make_bus()
    put(bus, [packet for n in range(300) for packet in make_call(f"call-{n}")])

    async with running(bus, database):
        pass

    assert len(await fetch(database, "select from hepscope.sip")) == 2100
    assert bus.used_bytes == 0


async def test_a_record_that_is_no_hep_costs_only_itself(database: str) -> None:
    """Broken bytes go to the dead letters with a reason; what came before them is stored."""
    bus = make_bus(partitions=1)
    good = make_call()
    async with running(bus, database) as rig:
        bus.producer().offer(SIGNALLING, 0, good[0] + b"garbage", 2)
        put(bus, good[1:])

    (letter,) = bus.logs[TopicPartition(DEAD_LETTER, 0)].read(0, 1_000_000)
    assert letter.value == b"garbage"
    assert dict(letter.headers)["reason"] == b"not_hep"
    assert dict(letter.headers)["offset"] == b"0"
    assert rig.counts()["dead_letters_total{not_hep}"] == 1
    assert len(await fetch(database, "select from hepscope.sip")) == 7


async def test_a_position_outside_the_bus_stops_the_process(database: str) -> None:
    """Records that are missing are never passed over in silence."""
    await store(database, make_call())
    rig = make_writer(make_bus(), database)

    async with rig.writer:
        await rig.supervisor.stopped()
        with pytest.raises(StartupError, match="records are missing"):
            raise rig.supervisor.failure or AssertionError("no failure")


async def test_a_new_database_begins_where_the_log_does(database: str) -> None:
    """Of what expired before the first writer came nobody promised anything."""
    bus = make_bus(partitions=1, starts={TopicPartition(SIGNALLING, 0): 500})
    put(bus, make_call())

    async with running(bus, database):
        pass

    rows = await fetch(database, "select id from hepscope.sip order by id")
    assert [row["id"] >> 10 for row in rows] == [500] * 7


async def test_times_are_judged_by_the_receive_time(database: str) -> None:
    """A packet from 2001 lies where it was received; its own time still measures the call."""
    old = 1_000_000_000_000_000

    counts = await store(database, make_call("old", start_us=old))

    (call,) = await fetch(
        database,
        "select hepscope.unix_us(started_at) s, hepscope.unix_us(answered_at) a,"
        " hepscope.unix_us(bye_at) b from hepscope.call",
    )
    rows = await fetch(
        database,
        "select hepscope.unix_us(time) t, hepscope.unix_us(capture_time) c, flags"
        " from hepscope.sip order by capture_time",
    )
    assert (call["s"], call["a"], call["b"]) == (NOW_US, old + 3_000_000, old + 13_000_000)
    assert {row["t"] for row in rows} == {NOW_US}
    assert {row["flags"] for row in rows} == {4}
    assert rows[0]["c"] == old
    assert counts["times_replaced_total{past}"] == 7
