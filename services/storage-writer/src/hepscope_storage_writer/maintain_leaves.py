"""Care of leaves: made ahead, summarized while rows arrive, vacuumed once they are past."""

from collections.abc import Iterable, Sequence
from typing import Final

import asyncpg

from hepscope_common.store.connection import ANSWER_SECONDS
from hepscope_common.store.partitions import LeafCache
from hepscope_common.store.transaction import transaction
from hepscope_storage_writer.maintain_catalogue import CLOSED
from hepscope_storage_writer.maintain_session import setting
from hepscope_storage_writer.retention import Policy, StoredLeaf, closing, missing_starts

# Under deadlock_timeout (1 s), after which PostgreSQL would cancel an autovacuum for us.
SUMMARY_LOCK_TIMEOUT: Final = "500ms"
# A leaf of 40 GB takes minutes to freeze; it delays nothing but the next round.
VACUUM_SECONDS: Final = 1800
# Autovacuum never analyzes a partitioned parent. These are small; of messages the leaves' own
# statistics do, and analyzing their parents would sample every leaf each day.
ANALYZED: Final = frozenset({"call", "registration", "attempt"})


async def make_ahead(
    connection: asyncpg.Connection,
    policies: Iterable[Policy],
    leaves: Sequence[StoredLeaf],
    as_of_us: int,
) -> int:
    """Make the leaves that will be needed soon; return how many."""
    made = 0
    for policy in policies:
        cache = LeafCache()
        for time_us in missing_starts(policy, leaves, as_of_us):
            leaf = await cache.ensure(connection, policy.root, time_us, now_us=as_of_us)
            made += leaf.name is not None
    return made


async def summarize(connection: asyncpg.Connection, leaf: StoredLeaf) -> int:
    """Summarize new page ranges of a leaf that rows arrive in; return how many ranges."""
    async with transaction(connection):
        await connection.execute(f"set local lock_timeout = '{SUMMARY_LOCK_TIMEOUT}'")
        return int(await connection.fetchval("select hepscope.summarize_leaf($1)", leaf.name))


async def close_oldest(
    connection: asyncpg.Connection, leaves: Iterable[StoredLeaf], as_of_us: int
) -> int:
    """Freeze and analyze the oldest leaf that is past, once; return 1, or 0 if there is none."""
    leaf = closing(leaves, as_of_us)
    if leaf is None:
        return 0
    longest = VACUUM_SECONDS + ANSWER_SECONDS
    async with setting(connection, "statement_timeout", f"{VACUUM_SECONDS}s"):
        vacuum = f'vacuum (freeze, analyze) hepscope."{leaf.name}"'
        await connection.execute(vacuum, timeout=longest)
        if leaf.root in ANALYZED:
            await connection.execute(f'analyze hepscope."{leaf.root}"', timeout=longest)
        await connection.execute(f"comment on table hepscope.\"{leaf.name}\" is '{CLOSED}'")
    return 1
