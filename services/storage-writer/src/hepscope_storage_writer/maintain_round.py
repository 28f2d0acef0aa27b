"""One round of maintenance: small steps in autocommit, each given up when something is in its way.

The order matters: what an earlier round left half done comes first, and the floor of a table is
raised before anything below it is dropped.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import asyncpg

from hepscope_common.logs import Throttle, get_logger
from hepscope_common.store import node_reports
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer.maintain_catalogue import read_detached, read_leaves, read_policies
from hepscope_storage_writer.maintain_counts import MaintainerCounts
from hepscope_storage_writer.maintain_disk import FreeBytes, budget_bytes, used_bytes
from hepscope_storage_writer.maintain_drop import (
    drop_detached,
    drop_leaf,
    finish_interrupted,
    move_floor,
)
from hepscope_storage_writer.maintain_leaves import close_oldest, make_ahead, summarize
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.maintain_strays import care_for_strays
from hepscope_storage_writer.retention import (
    BudgetPlan,
    Policy,
    StoredLeaf,
    active,
    expired,
    floor_of_age,
    plan_budget,
)

_log = get_logger("writer.maintainer")


@dataclass(frozen=True, slots=True)
class Round:
    """What a round works with; ``local`` says that the database's disk may be this machine's."""

    connection: asyncpg.Connection
    settings: RetentionSettings
    counts: MaintainerCounts
    throttle: Throttle
    free: FreeBytes
    local: bool

    async def run(self, as_of_us: int) -> None:
        """Do what is due at ``as_of_us``. Raises what no later round would mend."""
        policies = await read_policies(self.connection)
        leaves = await read_leaves(self.connection)
        await self._step("making partitions", self._make_ahead(policies, leaves, as_of_us))
        await self._step("finishing a detach", self._finish(leaves))
        await self._step("dropping what was detached", self._drop_detached())
        leaves = await read_leaves(self.connection)
        for policy in policies:
            await self._step(f"expiring {policy.root}", self._expire(policy, leaves, as_of_us))
        await self._step("freeing disk", self._keep_budget(policies, as_of_us))
        leaves = await read_leaves(self.connection)
        for leaf in active(leaves, as_of_us):
            await self._step("summarizing", self._summarize(leaf))
        await self._step("caring for strays", self._care_for_strays(policies, as_of_us))
        await self._step("forgetting silent ingests", self._forget_silent(as_of_us))
        await self._step("closing a partition", self._close(leaves, as_of_us))
        self._describe(await read_leaves(self.connection))
        self.counts.rounds += 1
        self.counts.last_round_us = as_of_us

    async def _step(self, name: str, work: Awaitable[None]) -> None:
        try:
            await work
        except asyncpg.PostgresError as error:
            if self.connection.is_closed() or verdict_of(error) is not Verdict.BUSY:
                raise
            self.counts.busy_steps += 1
            self.throttle.warning(name, "%s put off to the next round: %s", name, error)

    async def _make_ahead(
        self, policies: Sequence[Policy], leaves: Sequence[StoredLeaf], as_of_us: int
    ) -> None:
        self.counts.leaves_made += await make_ahead(self.connection, policies, leaves, as_of_us)

    async def _finish(self, leaves: Sequence[StoredLeaf]) -> None:
        self.counts.detaches_finalized += await finish_interrupted(self.connection, leaves)

    async def _drop_detached(self) -> None:
        tables = await read_detached(self.connection)
        self.counts.detaches_finalized += await drop_detached(self.connection, tables)

    async def _expire(self, policy: Policy, leaves: Sequence[StoredLeaf], as_of_us: int) -> None:
        old = expired(policy, leaves, as_of_us)
        floor_us = max([floor_of_age(policy, as_of_us), *(leaf.upper_us for leaf in old)])
        await move_floor(self.connection, policy.root, floor_us)
        for leaf in old:
            await self._drop(leaf, "too old")
            self.counts.dropped_by_age += 1

    async def _keep_budget(self, policies: Sequence[Policy], as_of_us: int) -> None:
        used, wal = await used_bytes(self.connection)
        budget = await budget_bytes(
            self.connection,
            self.settings,
            database_bytes=used,
            wal_bytes=wal,
            local=self.local,
            free=self.free,
        )
        self.counts.database_bytes, self.counts.budget_bytes = used, budget
        self.counts.shortfall_bytes = 0
        if budget is None:
            if self.settings.disk_budget_bytes is None:
                self.throttle.warning(
                    "budget",
                    "nothing is known about the database's disk, so nothing bounds what it takes:"
                    " set retention.disk_budget_bytes or retention.disk_path",
                )
            return
        leaves = await read_leaves(self.connection)
        plan = plan_budget(
            policies, leaves, used_bytes=used, budget_bytes=budget, as_of_us=as_of_us
        )
        self._alarm(plan, used, budget)
        for leaf in plan.drops:
            await move_floor(self.connection, leaf.root, leaf.upper_us)
            await self._drop(leaf, "over the disk budget")
            self.counts.dropped_by_budget += 1

    def _alarm(self, plan: BudgetPlan, used: int, budget: int) -> None:
        self.counts.shortfall_bytes = plan.shortfall_bytes
        if plan.shortfall_bytes:
            self.throttle.warning(
                "shortfall",
                "the database takes %d bytes of a budget of %d and no partition is left that may"
                " be dropped: %d bytes too many",
                used,
                budget,
                plan.shortfall_bytes,
            )

    async def _drop(self, leaf: StoredLeaf, why: str) -> None:
        await drop_leaf(self.connection, leaf)
        self.counts.dropped_bytes += leaf.size_bytes
        _log.info("dropped partition %s (%d bytes): %s", leaf.name, leaf.size_bytes, why)

    async def _summarize(self, leaf: StoredLeaf) -> None:
        self.counts.ranges_summarized += await summarize(self.connection, leaf)

    async def _care_for_strays(self, policies: Sequence[Policy], as_of_us: int) -> None:
        care = await care_for_strays(self.connection, policies, as_of_us)
        self.counts.strays_moved += care.moved
        self.counts.strays_expired += care.expired
        self.counts.strays = care.left
        if care.left:
            self.throttle.warning("strays", "%d rows have no partition", care.left)

    async def _forget_silent(self, as_of_us: int) -> None:
        days = self.settings.node_reports_days
        gone = await node_reports.expire(self.connection, as_of_us, days=days)
        self.counts.node_reports_expired += gone

    async def _close(self, leaves: Sequence[StoredLeaf], as_of_us: int) -> None:
        self.counts.leaves_closed += await close_oldest(self.connection, leaves, as_of_us)

    def _describe(self, leaves: Sequence[StoredLeaf]) -> None:
        numbers: dict[str, int] = {}
        sizes: dict[str, int] = {}
        for leaf in leaves:
            numbers[leaf.root] = numbers.get(leaf.root, 0) + 1
            sizes[leaf.root] = sizes.get(leaf.root, 0) + leaf.size_bytes
        self.counts.leaves, self.counts.leaf_bytes = numbers, sizes
