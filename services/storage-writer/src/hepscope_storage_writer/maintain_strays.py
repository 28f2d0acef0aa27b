"""Rows without a leaf: moved once their time has one, expired when they are old enough.

A stray's time is below the floor (its leaf was dropped), too far ahead, or its leaf was on its
way out. Age counts from ``received_at`` here, since ``time`` is what went wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer.retention import Policy

# The roots of each stray table, by class.
STRAYS: Final[Mapping[str, Mapping[int, str]]] = {
    "sip_stray": {1: "sip_call", 2: "sip_registration", 3: "sip_other"},
    "packet_stray": {1: "packet_media", 2: "packet_log", 3: "packet_other"},
}
# Rows of one round and class: a transaction stays short, whatever has piled up.
MOVE_MAX: Final = 20_000
EXPIRE_MAX: Final = 100_000
# Hours of a class looked at in one round, oldest first.
HOURS_MAX: Final = 200

_GROUPS: Final = """
select hepscope.unix_us(min(time)) from hepscope.{stray}
where class = $1 and time >= (
  select floor from hepscope.partition_policy
  where root = ('hepscope.' || quote_ident($2::text))::regclass)
group by date_bin('1 hour', time, timestamptz '2000-01-01 00:00:00+00')
order by min(time) limit $3
"""

_COLUMNS: Final = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = ('hepscope.' || $1::text)::regclass and attnum > 0 and not attisdropped
"""

_MOVE: Final = """
with moved as (
  delete from hepscope.{stray} where ctid = any(array(
    select ctid from hepscope.{stray}
    where class = $1
      and time >= timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
      and time < timestamptz 'epoch' + $3::bigint * interval '1 microsecond'
    limit $4))
  returning {columns}
)
insert into hepscope."{leaf}" ({columns}) select {columns} from moved
"""

_EXPIRE: Final = """
delete from hepscope.{stray} where ctid = any(array(
  select ctid from hepscope.{stray}
  where class = $1 and received_at < timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
  limit $3))
"""


@dataclass(frozen=True, slots=True)
class StrayCare:
    """What one round did with strays, and how many are left."""

    moved: int
    expired: int
    left: int


async def care_for_strays(
    connection: asyncpg.Connection, policies: Sequence[Policy], as_of_us: int
) -> StrayCare:
    """Move strays that have a leaf by now, expire old ones, count the rest."""
    moved = expired = left = 0
    keeps = {policy.root: policy.keep_us for policy in policies}
    for stray, roots in STRAYS.items():
        if not await connection.fetchval(f"select exists (select from hepscope.{stray})"):
            continue
        for number, root in roots.items():
            moved += await _move(connection, stray, number, root, as_of_us)
            status = await connection.execute(
                _EXPIRE.format(stray=stray), number, as_of_us - keeps[root], EXPIRE_MAX
            )
            expired += _count(status)
        left += await connection.fetchval(f"select count(*) from hepscope.{stray}")
    return StrayCare(moved, expired, left)


async def _move(
    connection: asyncpg.Connection, stray: str, number: int, root: str, as_of_us: int
) -> int:
    """Move the strays of one class that have a leaf by now; return how many."""
    leaves, room = LeafCache(), MOVE_MAX
    columns = await connection.fetchval(_COLUMNS, stray)
    for (time_us,) in await connection.fetch(_GROUPS.format(stray=stray), number, root, HOURS_MAX):
        leaf = await leaves.ensure(connection, root, time_us, now_us=as_of_us)
        if leaf.name is not None and room > 0:
            move = _MOVE.format(stray=stray, columns=columns, leaf=leaf.name)
            status = await connection.execute(move, number, leaf.lower_us, leaf.upper_us, room)
            room -= _count(status)
    return MOVE_MAX - room


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
