"""Origins: the highest packet number stored of each origin in each bus partition.

A row per (bus id, topic, partition, origin), moved in the storing transaction after the position
(``positions``), whose epoch fences it: nobody but the partition's owner gets that far. So what a
producer or a spool sends again is known to be stored, exactly as long as it is. Numbers are u64 on
the wire; those over SEQ_MAX have no place here and number nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

import asyncpg

SEQ_MAX: Final = (1 << 63) - 1
"""The greatest bigint."""

NONE_STORED: Final = -1
"""In the place of a number: no packet of the origin is stored."""


class OriginAt(NamedTuple):
    """An origin (16 bytes) in one bus partition."""

    topic: str
    partition: int
    origin: bytes


class Rise(NamedTuple):
    """A wanted move of one origin from what must be stored, or NONE_STORED, to a higher number."""

    at: OriginAt
    old: int
    new: int


_READ_NEWEST: Final = """
select topic, partition, origin, seq from hepscope.bus_origin
where bus_id = $1 and (topic, partition) in (select * from unnest($2::text[], $3::int[]))
order by updated_at desc limit $4
"""

_READ: Final = """
select topic, partition, origin, seq from hepscope.bus_origin
where bus_id = $1
  and (topic, partition, origin) in (select * from unnest($2::text[], $3::int[], $4::bytea[]))
"""

_INSERT: Final = """
insert into hepscope.bus_origin (bus_id, topic, partition, origin, seq)
select $1, topic, partition, origin, new
from unnest($2::text[], $3::int[], $4::bytea[], $5::bigint[])
  as wanted(topic, partition, origin, new)
on conflict do nothing
"""

# Rows of one partition have one owner, who holds its position by now, so no order of locks matters.
_UPDATE: Final = """
update hepscope.bus_origin as stored
set seq = wanted.new, updated_at = now()
from unnest($2::text[], $3::int[], $4::bytea[], $5::bigint[], $6::bigint[])
  as wanted(topic, partition, origin, old, new)
where stored.bus_id = $1 and stored.topic = wanted.topic and stored.partition = wanted.partition
  and stored.origin = wanted.origin and stored.seq = wanted.old
"""

_EXPIRE: Final = "select hepscope.expire_origins(now() - $1::float8 * interval '1 day')"


async def read_newest(
    connection: asyncpg.Connection,
    bus_id: str,
    partitions: Collection[tuple[str, int]],
    *,
    limit: int,
) -> dict[OriginAt, int]:
    """Return what is stored of the origins heard last in these (topic, partition), at most limit.

    Ask after the take-over, when no previous owner can change it any more.
    """
    topics, numbers = [topic for topic, _ in partitions], [number for _, number in partitions]
    return _found(await connection.fetch(_READ_NEWEST, bus_id, topics, numbers, limit))


async def read(
    connection: asyncpg.Connection, bus_id: str, wanted: Sequence[OriginAt]
) -> dict[OriginAt, int]:
    """Return what is stored of these origins, without those of which nothing is."""
    return _found(await connection.fetch(_READ, bus_id, *_columns(wanted)))


async def store(connection: asyncpg.Connection, bus_id: str, rises: Iterable[Rise]) -> bool:
    """Move origins in the caller's transaction; return whether all were as expected.

    After False the caller rolls back, reads the origins and looks anew at what is stored already.
    """
    known: list[Rise] = []
    fresh: list[Rise] = []
    for rise in rises:
        (fresh if rise.old == NONE_STORED else known).append(rise)
    return await _insert(connection, bus_id, fresh) and await _update(connection, bus_id, known)


async def expire(connection: asyncpg.Connection, days: float) -> int:
    """Forget the origins, of whatever bus, that were silent for so long; return how many."""
    return int(await connection.fetchval(_EXPIRE, days))


async def _insert(connection: asyncpg.Connection, bus_id: str, rises: Sequence[Rise]) -> bool:
    if not rises:
        return True
    news = [rise.new for rise in rises]
    columns = _columns([rise.at for rise in rises])
    status = await connection.execute(_INSERT, bus_id, *columns, news)
    return _count(status) == len(rises)


async def _update(connection: asyncpg.Connection, bus_id: str, rises: Sequence[Rise]) -> bool:
    if not rises:
        return True
    olds, news = [rise.old for rise in rises], [rise.new for rise in rises]
    columns = _columns([rise.at for rise in rises])
    status = await connection.execute(_UPDATE, bus_id, *columns, olds, news)
    return _count(status) == len(rises)


def _columns(origins: Sequence[OriginAt]) -> tuple[list[str], list[int], list[bytes]]:
    return (
        [at.topic for at in origins],
        [at.partition for at in origins],
        [at.origin for at in origins],
    )


def _found(rows: Iterable[asyncpg.Record]) -> dict[OriginAt, int]:
    return {OriginAt(row["topic"], row["partition"], row["origin"]): row["seq"] for row in rows}


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
