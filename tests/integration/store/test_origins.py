"""Origins in the database: read, moved as expected or not at all, expired."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from hepscope_common.store import origins
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.origins import NONE_STORED, SEQ_MAX, OriginAt, Rise

BUS, TOPIC = "bus-1", "hep.signalling.v1"
A, B, C = (OriginAt(TOPIC, partition, bytes([partition]) * 16) for partition in range(3))

pytestmark = pytest.mark.database


@pytest.fixture
async def writer(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A writer's session."""
    session = await connect(database, Access.WRITER, application_name="test")
    yield session
    session.terminate()


async def test_origins_are_stored_and_read(writer: asyncpg.Connection) -> None:
    """New ones and known ones in one call; other buses and partitions are left alone."""
    assert await origins.store(writer, BUS, [Rise(A, NONE_STORED, 3), Rise(B, NONE_STORED, 0)])
    assert await origins.store(writer, BUS, [Rise(A, 3, SEQ_MAX), Rise(C, NONE_STORED, 1)])

    assert await origins.read(writer, BUS, [A, B, C]) == {A: SEQ_MAX, B: 0, C: 1}
    assert await origins.read(writer, "bus-2", [A]) == {}
    assert await origins.read_newest(writer, BUS, [(TOPIC, 1), (TOPIC, 2)], limit=9) == {B: 0, C: 1}


async def test_no_rises_are_no_work(writer: asyncpg.Connection) -> None:
    """A batch without numbers asks nothing."""
    assert await origins.store(writer, BUS, [])


@pytest.mark.parametrize("rise", [Rise(A, NONE_STORED, 5), Rise(A, 2, 5), Rise(B, 3, 5)])
async def test_a_move_from_another_number_is_refused(
    writer: asyncpg.Connection, rise: Rise
) -> None:
    """An origin that was believed unknown, elsewhere, or known though it is not."""
    await origins.store(writer, BUS, [Rise(A, NONE_STORED, 3)])

    async with writer.transaction():
        assert not await origins.store(writer, BUS, [rise])

    assert await origins.read(writer, BUS, [A]) == {A: 3}


async def test_the_newest_are_read_first(writer: asyncpg.Connection) -> None:
    """A limit leaves out those that were silent for longest."""
    for at in (B, A, C):
        await origins.store(writer, BUS, [Rise(at, NONE_STORED, 1)])
    where = [(TOPIC, partition) for partition in range(3)]

    assert list(await origins.read_newest(writer, BUS, where, limit=2)) == [C, A]


async def test_silent_origins_expire(writer: asyncpg.Connection) -> None:
    """By their age alone, of whatever bus."""
    await origins.store(writer, BUS, [Rise(A, NONE_STORED, 1), Rise(B, NONE_STORED, 1)])
    await writer.execute(
        "update bus_origin set updated_at = now() - interval '15 days' where partition = 0"
    )

    assert await origins.expire(writer, 14.0) == 1
    assert await origins.read(writer, BUS, [A, B]) == {B: 1}


async def test_an_origin_that_is_being_moved_does_not_expire(
    writer: asyncpg.Connection, database: str
) -> None:
    """Nobody waits for the other, and nothing is lost."""
    await origins.store(writer, BUS, [Rise(A, NONE_STORED, 1)])
    await writer.execute("update bus_origin set updated_at = now() - interval '15 days'")
    other = await connect(database, Access.WRITER, application_name="test")
    async with writer.transaction():
        assert await origins.store(writer, BUS, [Rise(A, 1, 2)])
        assert await origins.expire(other, 14.0) == 0
    await other.close()

    assert await origins.read(writer, BUS, [A]) == {A: 2}
