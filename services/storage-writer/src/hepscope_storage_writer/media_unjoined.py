"""Reports that are to be joined again: read by what is left, and stored as they became."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Self

import asyncpg

from hepscope_storage_writer.media_join import AT, SLACK_US
from hepscope_storage_writer.media_queue import Left
from hepscope_storage_writer.media_row import JOINED, SELECTED, MediaRow, of_record

_WITHIN: Final = (
    f"m.time >= {AT.format('$5')} and m.time <= {AT.format('$6')}"
    f" and (m.time, m.id, m.number) > ({AT.format('$7')}, $8::bigint, $9::smallint)"
)
_TAIL: Final = "order by m.time, m.id, m.number limit $4"


def _by_end(end: str) -> str:
    return (
        f"(select {SELECTED} from hepscope.media m"
        f" join unnest($1::text[]::inet[], $2::int[]) e (address, port)"
        f" on m.{end} = e.address and m.{end}_port = e.port"
        f" where m.call_id = '' and {_WITHIN} {_TAIL})"
    )


_LEFT: Final = f"""
select distinct on (time, id, number) * from (
{_by_end("source")}
union all {_by_end("destination")}
union all (select {SELECTED} from hepscope.media m
  where m.call_id = '' and m.correlation_id = any($3::text[]) and {_WITHIN} {_TAIL})
union all (select {SELECTED} from hepscope.media m
  where m.call_id = any($3::text[]) and {_WITHIN} {_TAIL})
) found order by time, id, number limit $4
"""

_CASTS: Final = dict.fromkeys(("jitter_ms", "mos", "r"), "real")
_UPDATE: Final = (
    "update hepscope.media set "
    + ", ".join(
        f"{name} = ${place}::{_CASTS.get(name, 'text')}" for place, name in enumerate(JOINED, 5)
    )
    + f" where time = {AT.format('$1')} and id = $2 and number = $3 and call_id = $4"
)


class Place(NamedTuple):
    """Where a row stands in the order of reading."""

    time_us: int
    id: int
    number: int

    @classmethod
    def of(cls, row: MediaRow) -> Self:
        """Return the place of a row."""
        return cls(row.time, row.id, row.number)


async def read_left(
    connection: asyncpg.Connection, left: Left, after: Place | None, limit: int
) -> list[tuple[MediaRow, MediaRow]]:
    """Return rows that what is left may concern, in order, each with a copy to be changed."""
    if not (left.endpoints or left.calls):
        return []
    first_us = left.first_us - SLACK_US
    place = after or Place(first_us - 1, 0, 0)
    ends = list(left.endpoints)
    found = await connection.fetch(
        _LEFT,
        [address for address, _ in ends],
        [port for _, port in ends],
        list(left.calls),
        limit,
        max(first_us, place.time_us),
        left.last_us,
        *place,
    )
    rows = [of_record(record) for record in found]
    return [(row, replace(row)) for row in rows]


def changed(old: MediaRow, new: MediaRow) -> bool:
    """Tell whether joining changed a row."""
    return any(getattr(old, name) != getattr(new, name) for name in JOINED)


async def update(
    connection: asyncpg.Connection, changes: Sequence[tuple[MediaRow, MediaRow]]
) -> None:
    """Store changed rows, in the caller's transaction."""
    await connection.executemany(
        _UPDATE,
        [
            (old.time, old.id, old.number, old.call_id, *(getattr(new, name) for name in JOINED))
            for old, new in changes
        ],
    )
