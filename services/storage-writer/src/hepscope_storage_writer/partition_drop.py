"""Drop of partitions by an operator: which, and then as retention does it.

The floor of each table is raised first, so that no late row brings a dropped leaf back; then each
leaf is detached concurrently and dropped, oldest first, while no round of maintenance is at work.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from hepscope_common.store.connection import ANSWER_SECONDS
from hepscope_common.store.partitions import bin_start
from hepscope_storage_writer.maintain_catalogue import read_leaves, read_policies
from hepscope_storage_writer.maintain_drop import drop_leaf, finish_interrupted, move_floor
from hepscope_storage_writer.maintainer import ROUND
from hepscope_storage_writer.retention import Policy, StoredLeaf

# A round that closes a big leaf may vacuum it for longer; then the command is worth repeating.
WAIT_FOR_ROUND_SECONDS: Final = 60


class MaintenanceBusyError(RuntimeError):
    """A round of maintenance went on for longer than was waited for."""


@dataclass(frozen=True, slots=True)
class DropPlan:
    """The leaves to drop, oldest first, and by root the floor to raise first."""

    leaves: tuple[StoredLeaf, ...]
    floors: Mapping[str, int]

    @property
    def size_bytes(self) -> int:
        """What dropping them frees."""
        return sum(leaf.size_bytes for leaf in self.leaves)


def plan_drop(
    policies: Sequence[Policy],
    leaves: Sequence[StoredLeaf],
    *,
    roots: Collection[str],
    before_us: int,
    now_us: int,
) -> DropPlan:
    """Return what dropping all data of some tables before a time means.

    Only whole leaves go, never that of now or one to come. A floor never lies inside a leaf that
    stays, since rows of its lower part would become strays.
    """
    before_us = min(before_us, now_us)
    drops: list[StoredLeaf] = []
    floors: dict[str, int] = {}
    for policy in policies:
        if policy.root not in roots:
            continue
        own = [leaf for leaf in leaves if leaf.root == policy.root]
        drops += [leaf for leaf in own if leaf.upper_us <= before_us]
        kept = [leaf.lower_us for leaf in own if leaf.upper_us > before_us]
        floors[policy.root] = min([bin_start(before_us, policy.width_us), *kept])
    return DropPlan(tuple(sorted(drops, key=lambda leaf: (leaf.lower_us, leaf.root))), floors)


async def read_plan(
    connection: asyncpg.Connection, *, roots: Collection[str], before_us: int, now_us: int
) -> DropPlan:
    """Return the plan of what is stored now. Raises asyncpg's errors."""
    return plan_drop(
        await read_policies(connection),
        await read_leaves(connection),
        roots=roots,
        before_us=before_us,
        now_us=now_us,
    )


async def drop(
    connection: asyncpg.Connection,
    *,
    roots: Collection[str],
    before_us: int,
    now_us: int,
    dropped: Callable[[StoredLeaf], None],
) -> DropPlan:
    """Drop, telling ``dropped`` of each leaf; return what was planned.

    Needs a maintainer's session. Raises MaintenanceBusyError, or asyncpg's errors after which
    what is left is left whole: floors are raised, and the same command goes on where it ended.
    """
    async with _between_rounds(connection):
        leaves = await read_leaves(connection)
        await finish_interrupted(connection, [leaf for leaf in leaves if leaf.root in roots])
        plan = await read_plan(connection, roots=roots, before_us=before_us, now_us=now_us)
        for root, floor_us in plan.floors.items():
            await move_floor(connection, root, floor_us)
        for leaf in plan.leaves:
            await drop_leaf(connection, leaf)
            dropped(leaf)
    return plan


@asynccontextmanager
async def _between_rounds(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Hold the lock of whoever changes partitions."""
    longest = WAIT_FOR_ROUND_SECONDS
    await connection.execute(f"set lock_timeout = '{longest}s'; set statement_timeout = 0")
    try:
        await connection.execute(
            f"select pg_advisory_lock({ROUND})", timeout=longest + ANSWER_SECONDS
        )
    except asyncpg.LockNotAvailableError as error:
        raise MaintenanceBusyError(
            f"maintenance has been at work for {longest} s; try again later"
        ) from error
    await connection.execute("reset lock_timeout; reset statement_timeout")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(f"select pg_advisory_unlock({ROUND})")
