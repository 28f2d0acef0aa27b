"""What the database refuses leaves for the dead letters, alone."""

import asyncpg
import pytest

from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER
from hepscope_storage_writer.poison import TooMuchPoisonError
from integration.storage_writer.rig import SETTINGS, fetch, make_bus, make_writer, put, running
from support.builders import make_packet, make_request
from support.postgres import execute

pytestmark = pytest.mark.database

REFUSE = "alter table hepscope.sip add constraint no_poison check (from_user <> 'poison')"


def invite(number: int, user: str = "alice") -> bytes:
    """Return the INVITE of a call of its own."""
    return make_packet(make_request("INVITE", f"call-{number}", from_user=user))


async def test_one_bad_packet_in_5000_costs_only_itself(database: str) -> None:
    """4999 rows and calls are stored, once each, and one dead letter says why."""
    await execute(database, REFUSE)
    packets = [invite(n, "poison" if n == 3210 else "alice") for n in range(5000)]
    bus = make_bus(partitions=1)
    put(bus, packets)

    async with running(bus, database) as rig:
        pass

    (rows,) = await fetch(database, "select count(*), count(distinct id) from hepscope.sip")
    (calls,) = await fetch(database, "select count(*), sum(message_count) from hepscope.call")
    (letter,) = bus.logs[TopicPartition(DEAD_LETTER, 0)].read(0, 10_000_000)
    assert tuple(rows) == (4999, 4999)
    assert tuple(calls) == (4999, 4999)
    assert b"call-3210" in letter.value
    assert dict(letter.headers)["reason"] == b"refused_by_database"
    assert dict(letter.headers)["detail"] == b"23514"
    assert rig.counts()["dead_letters_total{refused_by_database}"] == 1
    assert rig.counts()["attempts_total{poison}"] == 1


async def test_bad_packets_of_several_records_are_all_found(database: str) -> None:
    """Each one leaves, and everything around them stays."""
    await execute(database, REFUSE)
    bad = {0, 7, 8, 99}
    bus = make_bus(partitions=1)
    put(bus, [invite(n, "poison" if n in bad else "alice") for n in range(100)], per_record=9)

    async with running(bus, database):
        pass

    letters = bus.logs[TopicPartition(DEAD_LETTER, 0)].read(0, 10_000_000)
    assert len(letters) == len(bad)
    assert len(await fetch(database, "select from hepscope.sip")) == 96


async def test_too_many_bad_packets_end_the_process(database: str) -> None:
    """When everything is refused, not the packets are bad: nothing is thrown away."""
    await execute(database, REFUSE)
    bus = make_bus(partitions=1)
    put(bus, [invite(n, "poison") for n in range(30)])
    rig = make_writer(bus, database, SETTINGS.model_copy(update={"poison_limit": 10}))

    async with rig.writer:
        await rig.supervisor.stopped()

    assert isinstance(rig.supervisor.failure, TooMuchPoisonError)
    assert bus.logs[TopicPartition(DEAD_LETTER, 0)].end == 0
    assert bus.used_bytes > 0


async def test_an_error_without_a_verdict_ends_the_process(database: str) -> None:
    """A missing column is nobody's fault but ours; the packets stay on the bus."""
    await execute(database, "alter table hepscope.sip drop column fault cascade")
    bus = make_bus(partitions=1)
    put(bus, [invite(1)])
    rig = make_writer(bus, database)

    async with rig.writer:
        await rig.supervisor.stopped()

    assert isinstance(rig.supervisor.failure, asyncpg.UndefinedColumnError)
    assert bus.used_bytes > 0
