"""What a producer sends again is stored once, whatever happens between the two copies."""

import asyncio
from collections.abc import Iterable, Sequence

import asyncpg
import pytest

from hep import HepPacket, admit, encode3
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.origins import Numbering, headers_of
from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER, SIGNALLING
from hepscope_storage_writer.component import GROUP
from integration.storage_writer.rig import (
    NOW_US,
    PEER,
    SETTINGS,
    Rig,
    fetch,
    make_bus,
    make_writer,
    running,
    until,
    until_committed,
)
from support.builders import BASE_US, make_packet, make_request
from support.postgres import execute

pytestmark = pytest.mark.database

ORIGIN, OTHER = bytes(range(16)), bytes(range(16, 32))
ONE_AT_A_TIME = SETTINGS.model_copy(update={"batch_packets": 1, "batch_small": 0})


def packet(number: int, *, user: str = "alice") -> bytes:
    """Return the packet of a number, whose Call-ID says it, as ingest puts it on the bus."""
    message = make_request("INVITE", f"packet-{number}", from_user=user)
    return admit(make_packet(message), received_at_us=NOW_US, peer=PEER).packet


def own_packet(number: int) -> bytes:
    """Return the packet of a number that carries it itself, as a sender of ours writes it."""
    found = HepPacket(
        source=bytes(4),
        destination=bytes(4),
        time_us=BASE_US,
        payload=make_request("INVITE", f"packet-{number}"),
        origin=ORIGIN,
        seq=number,
    )
    admitted = admit(encode3(found), received_at_us=NOW_US, peer=PEER, keep_origin=True)
    assert admitted.seq == number
    return admitted.packet


def put_numbered(
    bus: MemoryBus, numbers: Sequence[int], *, origin: bytes = ORIGIN, partition: int = 0
) -> None:
    """Put a record of consecutive numbers on the bus."""
    headers = headers_of(Numbering(origin, numbers[0]))
    value = b"".join(map(packet, numbers))
    bus.producer().offer(SIGNALLING, partition, value, len(numbers), headers)


def put_own(bus: MemoryBus, numbers: Sequence[int]) -> None:
    """Put a record on the bus whose packets hold their numbers, some of which may be missing."""
    value = b"".join(map(own_packet, numbers))
    bus.producer().offer(SIGNALLING, 0, value, len(numbers), headers_of(Numbering(ORIGIN, None)))


async def assert_stored(dsn: str, numbers: Iterable[int]) -> None:
    """Check that these packets are stored, each once, and counted once by their calls."""
    rows = await fetch(dsn, "select call_id from hepscope.sip order by call_id")
    calls = await fetch(dsn, "select call_id, message_count from hepscope.call order by call_id")
    wanted = sorted(f"packet-{number}" for number in numbers)
    assert [row["call_id"] for row in rows] == wanted
    assert [tuple(row) for row in calls] == [(call_id, 1) for call_id in wanted]


async def seqs(dsn: str) -> dict[tuple[int, bytes], int]:
    """Return the highest number by partition and origin."""
    rows = await fetch(dsn, "select partition, origin, seq from hepscope.bus_origin")
    return {(row["partition"], row["origin"]): row["seq"] for row in rows}


async def test_the_same_record_twice_is_stored_once(database: str) -> None:
    """In one batch or in two, the second copy is skipped, counted, and passed."""
    bus = make_bus(partitions=1)
    put_numbered(bus, range(1, 6))
    put_numbered(bus, range(1, 6))
    async with running(bus, database) as rig:
        await until_committed(rig, 1)
        put_numbered(bus, range(1, 6))

    await assert_stored(database, range(1, 6))
    assert rig.counts()["duplicates_total{}"] == 10
    assert rig.counts()["rows_total{sip_call}"] == 5
    (position,) = await fetch(
        database, f"select next_offset from hepscope.bus_position where topic = '{SIGNALLING}'"
    )
    assert position["next_offset"] == 3


async def test_of_an_overlap_only_the_new_is_stored(database: str) -> None:
    """1 to 5, then 3 to 8: ids stay those of where each packet stood first."""
    bus = make_bus(partitions=1)
    put_numbered(bus, range(1, 6))
    put_numbered(bus, range(3, 9))
    async with running(bus, database):
        pass

    await assert_stored(database, range(1, 9))
    ids = await fetch(database, "select id from hepscope.sip order by id")
    assert [row["id"] for row in ids] == [0, 1, 2, 3, 4, 1024 + 3, 1024 + 4, 1024 + 5]
    assert await seqs(database) == {(0, ORIGIN): 8}


async def test_packets_with_numbers_of_their_own_are_judged_one_by_one(database: str) -> None:
    """Numbers may be missing; what is sent again in another grouping is found all the same."""
    bus = make_bus(partitions=1)
    put_own(bus, [2, 5, 9])
    put_own(bus, [5, 9, 12])
    put_own(bus, [12, 40])
    async with running(bus, database, ONE_AT_A_TIME) as rig:
        pass

    await assert_stored(database, [2, 5, 9, 12, 40])
    assert rig.counts()["duplicates_total{}"] == 3
    assert await seqs(database) == {(0, ORIGIN): 40}


async def test_origins_and_partitions_do_not_mix(database: str) -> None:
    """The same number of another origin, or in another partition, is another packet."""
    bus = make_bus(partitions=2)
    put_numbered(bus, [1, 2])
    put_numbered(bus, [3, 4], origin=OTHER)
    put_numbered(bus, [1], partition=1)
    put_numbered(bus, [3, 4], origin=OTHER)
    async with running(bus, database):
        pass

    rows = await fetch(database, "select count(*) from hepscope.sip")
    assert rows[0][0] == 5
    assert await seqs(database) == {(0, ORIGIN): 2, (0, OTHER): 4, (1, ORIGIN): 1}


async def test_records_without_numbers_are_stored_as_they_come(database: str) -> None:
    """Nobody can tell their copies from packets that were sent twice on purpose."""
    bus = make_bus(partitions=1)
    for headers in ((), (), (("origin", b"short"),), headers_of(Numbering(ORIGIN, 1 << 63))):
        bus.producer().offer(SIGNALLING, 0, packet(1), 1, headers)
    async with running(bus, database):
        pass

    (row,) = await fetch(database, "select count(*) from hepscope.sip")
    assert row[0] == 4
    assert await seqs(database) == {}


async def test_copies_on_both_sides_of_a_hand_over(database: str) -> None:
    """The next writer knows what the first one stored."""
    bus = make_bus(partitions=1)
    first = make_writer(bus, database)
    async with first.writer:
        put_numbered(bus, range(1, 6))
        await until_committed(first, 1)
    second = make_writer(bus, database)
    async with second.writer:
        put_numbered(bus, range(1, 8))
        await until_committed(second, 1)

    await assert_stored(database, range(1, 8))
    assert second.counts()["duplicates_total{}"] == 5
    assert "attempts_total{stale_origins}" not in second.counts()


async def test_copies_among_writers_that_take_over_from_each_other(database: str) -> None:
    """Two writers on logs of their own with the same records; the second one goes on."""

    def resent() -> MemoryBus:
        bus = make_bus(partitions=4)
        for start in range(0, 400, 4):
            # Each record once more before the next, with the half of the one before.
            for first in (start, max(start - 2, 0)):
                put_numbered(bus, range(first, start + 4), partition=start % 16 // 4)
        return bus

    rigs = [make_writer(resent(), database, ONE_AT_A_TIME) for _ in range(2)]
    await rigs[0].writer.__aenter__()
    await until_committed(rigs[0], 10)
    await rigs[1].writer.__aenter__()
    await until(lambda: rigs[1].writer.lag_records == 0)
    await _end(rigs)

    rows = await fetch(database, "select count(*), count(distinct call_id) from hepscope.sip")
    # Each record holds two packets of the partition before it, which are new where they stand.
    assert tuple(rows[0])[1] == 400
    assert [rig.supervisor.failure for rig in rigs] == [None, None]
    twice = await fetch(
        database,
        "select call_id, id >> 53 as partition from hepscope.sip group by 1, 2 having count(*) > 1",
    )
    assert twice == []


async def test_a_rolled_back_batch_is_not_remembered(database: str) -> None:
    """Origins follow commits only: what is tried again is not taken for stored."""
    bus = make_bus(partitions=1)
    blocker = await asyncpg.connect(database)
    hurried = SETTINGS.model_copy(update={"batch_timeout_seconds": 1.0})
    async with running(bus, database, hurried) as rig:
        await until(lambda: rig.writer.readiness()[0])
        transaction = blocker.transaction()
        await transaction.start()
        # The storing transaction gets past positions and origins, then waits and is given up.
        await blocker.execute("lock table hepscope.call in access exclusive mode")
        put_numbered(bus, range(1, 6))
        put_numbered(bus, range(1, 6))
        await until(lambda: rig.counts().get("attempts_total{timeout}", 0) >= 2)
        assert await seqs(database) == {}
        await transaction.rollback()
    await blocker.close()

    await assert_stored(database, range(1, 6))
    assert rig.counts()["duplicates_total{}"] == 5


async def test_a_writer_killed_between_the_copies(database: str) -> None:
    """What it committed is known to the next one, what it did not is stored by it."""

    def doubled() -> MemoryBus:
        bus = make_bus(partitions=1)
        for start in range(1, 60, 3):
            put_numbered(bus, range(start, start + 3))
            put_numbered(bus, range(start, start + 3))
        return bus

    for batches in (1, 2, 3):
        killed = make_writer(doubled(), database, ONE_AT_A_TIME)
        await killed.writer.__aenter__()
        await until_committed(killed, batches)
        await _crash(killed)
    async with running(doubled(), database, ONE_AT_A_TIME):
        pass

    await assert_stored(database, range(1, 61))


async def test_an_origin_that_was_forgotten_is_looked_up(database: str) -> None:
    """The memory is bounded; the database is asked before anything is stored twice."""
    bus = make_bus(partitions=1)
    small = ONE_AT_A_TIME.model_copy(update={"origin_cache": 3})
    origins = [bytes([n]) * 16 for n in range(20)]
    async with running(bus, database, small) as rig:
        for _ in range(2):
            for number, origin in enumerate(origins):
                put_numbered(bus, [number], origin=origin)
        await until(lambda: not rig.writer.backlog_bytes and not rig.writer.lag_records)
        assert rig.writer.cached_origins <= 3

    await assert_stored(database, range(20))
    assert rig.counts()["duplicates_total{}"] == 20
    assert rig.counts()["attempts_total{stale_origins}"] >= 1


async def test_origins_silent_for_too_long_are_forgotten(database: str) -> None:
    """As the setting says; the others stay."""
    bus = make_bus(partitions=1)
    async with running(bus, database):
        put_numbered(bus, [1])
        put_numbered(bus, [1], origin=OTHER)
    await execute(
        database,
        "update hepscope.bus_origin set updated_at = now() - interval '50 hours'"
        f" where origin = '\\x{ORIGIN.hex()}'",
    )

    patient = SETTINGS.model_copy(update={"origin_days": 3.0})
    async with running(bus, database, patient) as rig:
        await until(lambda: rig.writer.readiness()[0])
    assert len(await seqs(database)) == 2
    hurried = SETTINGS.model_copy(update={"origin_days": 2.0})
    async with running(bus, database, hurried) as rig:
        await until(lambda: rig.counts().get("origins_expired_total{}", 0) == 1)
    assert await seqs(database) == {(0, OTHER): 1}


async def test_an_origin_that_expired_meanwhile_goes_on(database: str) -> None:
    """The writer remembers it, the database does not: it is stored as new."""
    bus = make_bus(partitions=1)
    async with running(bus, database) as rig:
        put_numbered(bus, [1, 2])
        await until_committed(rig, 1)
        await execute(database, "delete from hepscope.bus_origin")
        put_numbered(bus, [3, 4])

    await assert_stored(database, [1, 2, 3, 4])
    assert await seqs(database) == {(0, ORIGIN): 4}
    assert rig.counts()["attempts_total{stale_origins}"] == 1


async def test_a_bad_packet_is_one_dead_letter_however_often_it_comes(database: str) -> None:
    """Its number counts as dealt with, in the same batch and later; its neighbours are stored."""
    await execute(
        database,
        "alter table hepscope.sip add constraint no_poison check (call_id <> 'packet-3')",
    )
    bus = make_bus(partitions=1)
    put_numbered(bus, range(1, 6))
    put_numbered(bus, range(2, 7))
    async with running(bus, database) as rig:
        await until_committed(rig, 1)
        put_numbered(bus, range(1, 8))

    letters = bus.logs[TopicPartition(DEAD_LETTER, 0)].read(0, 1_000_000)
    assert len(letters) == 1
    await assert_stored(database, [1, 2, 4, 5, 6, 7])
    assert rig.counts()["dead_letters_total{refused_by_database}"] == 1


async def test_a_broken_record_that_comes_twice_is_one_dead_letter(database: str) -> None:
    """What could not be read of it has numbers as well."""
    bus = make_bus(partitions=1)
    for _ in range(2):
        value = packet(1) + b"garbage"
        bus.producer().offer(SIGNALLING, 0, value, 2, headers_of(Numbering(ORIGIN, 1)))
    async with running(bus, database) as rig:
        pass

    assert bus.logs[TopicPartition(DEAD_LETTER, 0)].end == 1
    assert rig.counts()["duplicates_total{}"] == 2
    assert await seqs(database) == {(0, ORIGIN): 2}


async def test_a_restored_older_database_refills_once(database: str) -> None:
    """Positions, origins and rows go back together; the writer goes on from there."""
    numbers = range(1, 101)
    bus = make_bus(partitions=1)
    for start in numbers[::5]:
        put_numbered(bus, range(start, start + 5))
    backup = 10
    async with running(bus, database, ONE_AT_A_TIME):
        pass
    await assert_stored(database, numbers)

    # As a restore to the moment at which ten records were stored.
    await execute(
        database,
        f"delete from hepscope.sip where id >= {backup << 10}",
        "delete from hepscope.call c where not exists"
        " (select from hepscope.sip s where s.call_id = c.call_id)",
        f"update hepscope.bus_position set next_offset = {backup} where topic = '{SIGNALLING}'",
        "update hepscope.bus_origin set seq = 50",
    )
    again = MemoryBus(bus_id="test", partitions=1, groups=[GROUP])
    for start in numbers[::5]:
        put_numbered(again, range(start, start + 5))
    async with running(again, database):
        pass

    await assert_stored(database, numbers)


async def _end(rigs: Sequence[Rig]) -> None:
    for rig in reversed(rigs):
        await rig.writer.__aexit__(None, None, None)


async def _crash(rig: Rig) -> None:
    """End a writer wherever it is: its tasks stop, its sessions are cut, nothing is drained."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith("writer: ")]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await rig.writer.__aexit__(None, None, None)
