"""Gaps: records that a position can never come to, given up by an operator.

A log may have expired before it was stored, or have been made anew. The writer then stops, since
passing over records in silence is the one thing it must not do. Accepting the gap moves the
position on condition that it still stands where the operator saw it, raises the epoch, so that a
writer that runs notices, and is kept in a row of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import asyncpg

from hepscope_common.store.transaction import transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """A stored position as operators look at it."""

    bus_id: str
    topic: str
    partition: int
    next_offset: int
    epoch: int
    owner: str
    updated_us: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A move of a position to where its log goes on; ``records`` are given up by it."""

    standing: Standing
    to_offset: int
    records: int


_LIST: Final = """
select bus_id, topic, partition, next_offset, epoch, coalesce(owner, '') as owner,
  hepscope.unix_us(updated_at) as updated_us
from hepscope.bus_position where $1::text is null or bus_id = $1
order by bus_id, topic, partition
"""

_MOVE: Final = """
update hepscope.bus_position
set next_offset = $6, epoch = epoch + 1, owner = $7, updated_at = now()
where bus_id = $1 and topic = $2 and partition = $3 and next_offset = $4 and epoch = $5
"""

_NOTE: Final = """
insert into hepscope.bus_gap
  (bus_id, topic, partition, from_offset, to_offset, records, accepted_at, accepted_by)
values ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7)
"""

_OWNER: Final = "gap accepted by "
"""How the owner of a position begins that an operator moved, until a writer takes it over."""

_MOVED: Final = """
select topic, partition, epoch from hepscope.bus_position
where bus_id = $1 and starts_with(owner, $2)
"""

_GIVEN_UP: Final = """
select topic, partition, sum(records)::bigint as records
from hepscope.bus_gap where bus_id = $1 group by topic, partition
"""


async def standings(connection: asyncpg.Connection, bus_id: str | None = None) -> list[Standing]:
    """Return the positions of a bus, or of all, sorted by bus, topic and partition."""
    return [Standing(**row) for row in await connection.fetch(_LIST, bus_id)]


async def accept(connection: asyncpg.Connection, gap: Gap, who: str) -> bool:
    """Move the position and note the gap; False when the position moved since it was looked at."""
    at = gap.standing
    where = (at.bus_id, at.topic, at.partition)
    async with transaction(connection):
        status = await connection.execute(
            _MOVE, *where, at.next_offset, at.epoch, gap.to_offset, f"{_OWNER}{who}"
        )
        if status != "UPDATE 1":
            return False
        await connection.execute(_NOTE, *where, at.next_offset, gap.to_offset, gap.records, who)
    return True


async def given_up(connection: asyncpg.Connection, bus_id: str) -> Mapping[tuple[str, int], int]:
    """Return how many records were ever given up, by (topic, partition); others had no gap."""
    rows = await connection.fetch(_GIVEN_UP, bus_id)
    return {(row["topic"], row["partition"]): row["records"] for row in rows}


async def moved_by_gaps(connection: asyncpg.Connection, bus_id: str) -> dict[tuple[str, int], int]:
    """Return the epoch of each (topic, partition) that a gap moved and no writer has since."""
    rows = await connection.fetch(_MOVED, bus_id, _OWNER)
    return {(row["topic"], row["partition"]): row["epoch"] for row in rows}


class End(StrEnum):
    """Where a position goes whose log does not hold it."""

    START = "start"
    END = "end"


def gap_of(standing: Standing, start: int, end: int, *, to: End | None = None) -> Gap | None:
    """Return the move that brings a position back into its log, None when it lies there.

    A log that expired begins after the position: by default it goes to the start, and what lies
    between is given up. A log that was made anew, or lost its tail, ends before it: by default it
    goes to the end, and what the log holds is given up, since it may be stored already.
    """
    if start <= standing.next_offset <= end:
        return None
    wanted = to or (End.START if standing.next_offset < start else End.END)
    passed = start - standing.next_offset if standing.next_offset < start else 0
    if wanted is End.START:
        return Gap(standing, start, passed)
    return Gap(standing, end, passed + end - start)
