"""Bus positions: how far each bus partition is stored, and who may store next.

A row per (bus id, topic, partition) holds the next offset to store and an epoch. Taking a
partition over raises its epoch; a transaction first moves the offset on condition that both are
as its owner left them. So a writer that lost a partition without knowing can commit nothing more,
and position and rows stand or fall together, which makes storage exactly-once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import asyncpg

from hepscope_common.store.transaction import transaction

# A bus has at most 1024 partitions of a few topics (message ids keep 10 bits for the partition).
PARTITIONS_MAX: Final = 8192


class Position(NamedTuple):
    """Where a partition stands: the next offset to store, and the owner's epoch."""

    next_offset: int
    epoch: int


class Advance(NamedTuple):
    """A wanted move of one position; ``old`` and ``epoch`` must be what is stored."""

    topic: str
    partition: int
    old: int
    epoch: int
    new: int


_INSERT: Final = """
insert into hepscope.bus_position (bus_id, topic, partition, next_offset)
select $1, topic, partition, start
from unnest($2::text[], $3::int[], $4::bigint[]) as wanted(topic, partition, start)
order by topic, partition
on conflict do nothing
"""

# The rows are locked in one order before the update, which locks in the order of its plan.
_TAKE_OVER: Final = """
with locked as materialized (
  select topic, partition from hepscope.bus_position
  where bus_id = $1 and (topic, partition) in (select * from unnest($2::text[], $3::int[]))
  order by topic, partition for update
)
update hepscope.bus_position as stored
set epoch = stored.epoch + 1, owner = $4, updated_at = now()
from locked
where stored.bus_id = $1 and stored.topic = locked.topic and stored.partition = locked.partition
returning stored.topic, stored.partition, stored.next_offset, stored.epoch
"""

_COMPARE_AND_SET: Final = """
with wanted as (
  select * from unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
    as wanted(topic, partition, old, epoch, new)
), locked as materialized (
  select stored.topic, stored.partition, wanted.new
  from hepscope.bus_position stored
  join wanted on wanted.topic = stored.topic and wanted.partition = stored.partition
  where stored.bus_id = $1 and stored.next_offset = wanted.old and stored.epoch = wanted.epoch
  order by stored.topic, stored.partition for update of stored
)
update hepscope.bus_position as stored
set next_offset = locked.new, updated_at = now()
from locked
where stored.bus_id = $1 and stored.topic = locked.topic and stored.partition = locked.partition
"""

_READ: Final = """
select topic, partition, next_offset, epoch from hepscope.bus_position where bus_id = $1
"""


async def take_over(
    connection: asyncpg.Connection,
    bus_id: str,
    starts: Mapping[tuple[str, int], int],
    owner: str,
) -> dict[tuple[str, int], Position]:
    """Become the owner of partitions; return where each stands.

    ``starts`` maps (topic, partition) to the offset at which a partition that nobody has stored
    from begins. Waits for a transaction of the previous owner that is under way; whatever that
    owner tries afterwards fails its compare-and-set.
    """
    _check_count(len(starts))
    wanted = sorted(starts)
    topics, numbers = [topic for topic, _ in wanted], [number for _, number in wanted]
    async with transaction(connection):
        await connection.execute(_INSERT, bus_id, topics, numbers, [starts[key] for key in wanted])
        rows = await connection.fetch(_TAKE_OVER, bus_id, topics, numbers, owner)
    return _positions(rows)


async def compare_and_set(
    connection: asyncpg.Connection, bus_id: str, advances: Sequence[Advance]
) -> bool:
    """Move positions in the caller's transaction; return whether all were as expected.

    After False the caller rolls back, since some may have moved. Call it first in a transaction:
    it fails before the work, and its sorted locks are then the first of every transaction.
    """
    _check_count(len(advances))
    if len({(advance.topic, advance.partition) for advance in advances}) != len(advances):
        raise ValueError("two advances of one partition")
    if not advances:
        return True
    topics, partitions, olds, epochs, news = (
        list(column) for column in zip(*advances, strict=True)
    )
    status = await connection.execute(
        _COMPARE_AND_SET, bus_id, topics, partitions, olds, epochs, news
    )
    return int(status.rpartition(" ")[2]) == len(advances)


async def read(connection: asyncpg.Connection, bus_id: str) -> dict[tuple[str, int], Position]:
    """Return every stored position of a bus, without taking anything over."""
    return _positions(await connection.fetch(_READ, bus_id))


def _positions(rows: Iterable[asyncpg.Record]) -> dict[tuple[str, int], Position]:
    return {
        (row["topic"], row["partition"]): Position(row["next_offset"], row["epoch"]) for row in rows
    }


def _check_count(count: int) -> None:
    if count > PARTITIONS_MAX:
        raise ValueError(f"{count} partitions at once; at most {PARTITIONS_MAX}")
