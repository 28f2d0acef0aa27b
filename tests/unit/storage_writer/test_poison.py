"""Tests of the search for bad packets; the refusals come from a stand-in for the database."""

from collections.abc import Sequence

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_storage_writer.poison import PacketAt, TooMuchPoisonError, find_poison
from support.postgres import run_apart


class Database:
    """Refuses a batch that holds one of some packets, as PostgreSQL does."""

    def __init__(self, bad: set[int]) -> None:
        self.bad = bad
        self.packets_tried = 0

    async def rehearse(self, part: Sequence[PacketAt]) -> None:
        """Raise what asyncpg raises for a check that fails."""
        self.packets_tried += len(part)
        if any(at.index in self.bad for at in part):
            raise asyncpg.CheckViolationError


def packets(count: int) -> list[PacketAt]:
    """Return the packets of one record."""
    return [PacketAt(0, index) for index in range(count)]


@given(st.integers(0, 60), st.sets(st.integers(0, 59), max_size=60))
def test_exactly_the_bad_packets_are_found(count: int, bad: set[int]) -> None:
    """However many there are, and wherever they stand."""
    database = Database(bad)

    found = run_apart(lambda: find_poison(packets(count), database.rehearse, limit=60))

    assert found == {PacketAt(0, index): "23514" for index in bad if index < count}


async def test_one_bad_packet_costs_about_two_batches() -> None:
    """The search halves; it does not try packet by packet."""
    database = Database({777})

    await find_poison(packets(1024), database.rehearse, limit=1)

    assert database.packets_tried < 3 * 1024


async def test_too_many_bad_packets_end_the_search() -> None:
    """Over the limit it gives up instead of refusing everything."""
    with pytest.raises(TooMuchPoisonError, match="over 3"):
        await find_poison(packets(50), Database(set(range(50))).rehearse, limit=3)


async def test_a_database_that_goes_away_ends_the_search() -> None:
    """Only refusals for the data are searched; the rest is for the caller."""

    async def away(part: Sequence[PacketAt]) -> None:
        assert part
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await find_poison(packets(3), away, limit=3)
