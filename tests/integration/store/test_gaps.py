"""Accepting gaps: the position moves under the rules of epochs, and the gap is kept."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from hepscope_common.store import gaps
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.gaps import Gap
from hepscope_common.store.positions import Advance, compare_and_set, read, take_over

BUS, TOPIC = "bus-1", "hep.signalling.v1"

pytestmark = pytest.mark.database


@pytest.fixture
async def operator(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A session as the command has it, with three partitions owned by a writer."""
    session = await connect(database, Access.WRITER, application_name="test")
    await take_over(session, BUS, {(TOPIC, 0): 10, (TOPIC, 1): 20, ("a", 0): 5}, "writer:1")
    await take_over(session, "bus-2", {(TOPIC, 0): 1}, "writer:2")
    yield session
    session.terminate()


async def test_positions_are_listed_by_bus_topic_and_partition(
    operator: asyncpg.Connection,
) -> None:
    """With who owns them; of one bus or of all."""
    found = await gaps.standings(operator, BUS)

    assert [(at.topic, at.partition, at.next_offset) for at in found] == [
        ("a", 0, 5),
        (TOPIC, 0, 10),
        (TOPIC, 1, 20),
    ]
    assert {(at.owner, at.epoch) for at in found} == {("writer:1", 1)}
    assert len(await gaps.standings(operator)) == 4


async def test_an_accepted_gap_moves_the_position_and_fences_the_owner(
    operator: asyncpg.Connection,
) -> None:
    """A writer that still runs finds its epoch gone."""
    _, standing, _ = await gaps.standings(operator, BUS)

    assert await gaps.accept(operator, Gap(standing, 50, 40), "me@here")

    assert (await read(operator, BUS))[TOPIC, 0] == (50, 2)
    async with operator.transaction():
        assert not await compare_and_set(operator, BUS, [Advance(TOPIC, 0, 10, 1, 11)])
    row = await operator.fetchrow(
        "select from_offset, to_offset, records, accepted_by from bus_gap"
    )
    assert row is not None
    assert tuple(row) == (10, 50, 40, "me@here")


async def test_a_moved_position_is_known_until_a_writer_takes_it_over(
    operator: asyncpg.Connection,
) -> None:
    """So its owner can tell an operator's hand from another writer."""
    _, standing, _ = await gaps.standings(operator, BUS)
    assert await gaps.moved_by_gaps(operator, BUS) == {}

    await gaps.accept(operator, Gap(standing, 50, 40), "me@here")
    assert await gaps.moved_by_gaps(operator, BUS) == {(TOPIC, 0): 2}
    assert await gaps.moved_by_gaps(operator, "bus-2") == {}

    await take_over(operator, BUS, {(TOPIC, 0): 0}, "writer:3")
    assert await gaps.moved_by_gaps(operator, BUS) == {}


async def test_a_position_that_moved_since_is_left_alone(operator: asyncpg.Connection) -> None:
    """Neither the position nor a note of a gap is written."""
    _, standing, _ = await gaps.standings(operator, BUS)
    assert await compare_and_set(operator, BUS, [Advance(TOPIC, 0, 10, 1, 11)])

    assert not await gaps.accept(operator, Gap(standing, 50, 40), "me@here")

    assert (await read(operator, BUS))[TOPIC, 0] == (11, 1)
    assert await operator.fetchval("select count(*) from bus_gap") == 0


async def test_records_given_up_are_added_up(operator: asyncpg.Connection) -> None:
    """Per partition, however many gaps there were."""
    for to_offset, records in ((50, 40), (80, 30)):
        _, standing, _ = await gaps.standings(operator, BUS)
        assert await gaps.accept(operator, Gap(standing, to_offset, records), "me@here")

    assert await gaps.given_up(operator, BUS) == {(TOPIC, 0): 70}
    assert await gaps.given_up(operator, "bus-2") == {}
