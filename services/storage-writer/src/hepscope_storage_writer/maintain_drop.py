"""Dropping leaves so that nobody waits: the floor first, then detach concurrently, then drop.

DETACH CONCURRENTLY waits for old transactions without holding anybody up, and cannot run in a
transaction. One that is interrupted leaves the partition "detach pending": out of sight, in the
way of the next one; one that ends between detach and drop leaves a table of its own, which the
mark on it tells from one that an operator put aside. So rounds begin with ``finish_interrupted``
and ``drop_detached``.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import asyncpg

from hepscope_storage_writer.maintain_catalogue import DROPPING
from hepscope_storage_writer.maintain_session import setting
from hepscope_storage_writer.retention import DetachedLeaf, StoredLeaf

# Of waiting for readers; the API's statements end after 15 s.
DETACH_LOCK_TIMEOUT: Final = "20s"
# Where detaching is not possible: short waits, since whoever comes after a waiting DROP waits too.
DROP_LOCK_TIMEOUT: Final = "100ms"
DROP_ATTEMPTS: Final = 10
DROP_PAUSE_SECONDS: Final = 0.4

_MOVE_FLOOR: Final = """
update hepscope.partition_policy
set floor = timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
where root = ('hepscope.' || quote_ident($1::text))::regclass
  and floor < timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
"""

# The server refuses DETACH CONCURRENTLY here: a default partition that somebody made (55000,
# 0A000), or a transaction that a pooler opened (25001).
_CANNOT_DETACH = (
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.ActiveSQLTransactionError,
)


async def move_floor(connection: asyncpg.Connection, root: str, floor_us: int) -> bool:
    """Raise the floor of a root, so that no late row brings a dropped leaf back.

    Returns whether it was lower.
    """
    return await connection.execute(_MOVE_FLOOR, root, floor_us) == "UPDATE 1"


async def finish_interrupted(connection: asyncpg.Connection, leaves: Iterable[StoredLeaf]) -> int:
    """Finish detaches that were interrupted, and drop what they left; return how many."""
    finished = 0
    for leaf in leaves:
        if leaf.pending:
            async with setting(connection, "lock_timeout", DETACH_LOCK_TIMEOUT):
                await connection.execute(_detach(leaf, "finalize"))
                await _drop(connection, leaf)
            finished += 1
    return finished


async def drop_detached(connection: asyncpg.Connection, tables: Iterable[DetachedLeaf]) -> int:
    """Drop what was detached in order to be dropped; return how many."""
    dropped = 0
    for table in tables:
        if table.dropping:
            async with setting(connection, "lock_timeout", DETACH_LOCK_TIMEOUT):
                await _drop(connection, table)
            dropped += 1
    return dropped


async def drop_leaf(connection: asyncpg.Connection, leaf: StoredLeaf) -> None:
    """Drop a leaf; raises asyncpg's errors, after which the next round goes on where it ended.

    The floor of its root must be at or above its upper end already.
    """
    try:
        async with setting(connection, "lock_timeout", DETACH_LOCK_TIMEOUT):
            await connection.execute(f"comment on table hepscope.\"{leaf.name}\" is '{DROPPING}'")
            await connection.execute(_detach(leaf, "concurrently"))
            await _drop(connection, leaf)
    except _CANNOT_DETACH:
        await _drop_attached(connection, leaf)


def _detach(leaf: StoredLeaf, how: str) -> str:
    return f'alter table hepscope."{leaf.root}" detach partition hepscope."{leaf.name}" {how}'


async def _drop(connection: asyncpg.Connection, leaf: StoredLeaf | DetachedLeaf) -> None:
    await connection.execute(f'drop table hepscope."{leaf.name}"')


async def _drop_attached(connection: asyncpg.Connection, leaf: StoredLeaf) -> None:
    for attempt in range(DROP_ATTEMPTS):
        try:
            async with setting(connection, "lock_timeout", DROP_LOCK_TIMEOUT):
                await _drop(connection, leaf)
        except asyncpg.LockNotAvailableError:
            if attempt == DROP_ATTEMPTS - 1:
                raise
            await asyncio.sleep(DROP_PAUSE_SECONDS)
        else:
            return
