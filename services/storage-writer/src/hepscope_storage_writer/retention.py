"""Decisions about partitions: which to make, which are too old, what a disk budget gives up.

Pure functions of policies, leaves and the time; all times are microseconds since the Unix epoch,
ranges half-open. What the answers are carried out with is in the ``maintain_*`` modules.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hepscope_common.store.partitions import bin_start
from hepscope_storage_writer.times import HOUR_US

# A budget is exceeded above 100 % and freed down to this share, so that one round frees enough
# for a while instead of a leaf every minute.
FREED_TO: Final = 0.95
# Share of the disk (database and free space together) that the database may fill by default.
DISK_SHARE: Final = 0.8
# Leaves made in one round; a width of a minute and 2 days ahead would be thousands.
AHEAD_MAX: Final = 500
# Rows arrive late by spool and clock; a leaf this long past its end counts as closed.
CLOSE_AFTER_US: Final = HOUR_US


@dataclass(frozen=True, slots=True)
class Policy:
    """How one partitioned table is cut and kept; a row of ``partition_policy``."""

    root: str
    width_us: int
    ahead_us: int
    keep_us: int
    minimum_keep_us: int
    drop_order: int
    floor_us: int | None = None
    """Times below are expired; None while nothing is."""


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A partition as the catalogue shows it."""

    root: str
    name: str
    lower_us: int
    upper_us: int
    size_bytes: int = 0
    pending: bool = False
    """Its detach was interrupted: it is out of sight, but not gone."""
    closed: bool = False
    """It has had its last vacuum."""


@dataclass(frozen=True, slots=True)
class DetachedLeaf:
    """A table that was a partition; ``dropping`` says that we detached it in order to drop it."""

    root: str
    name: str
    size_bytes: int
    dropping: bool


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """What to drop, in order, and what the budget lacks even then."""

    drops: tuple[StoredLeaf, ...]
    shortfall_bytes: int


def missing_starts(policy: Policy, leaves: Iterable[StoredLeaf], as_of_us: int) -> list[int]:
    """Return a time in each range from now to ``ahead`` that no leaf covers, in order."""
    ranges = [(leaf.lower_us, leaf.upper_us) for leaf in leaves if leaf.root == policy.root]
    starts: list[int] = []
    start = bin_start(as_of_us, policy.width_us)
    while start <= as_of_us + policy.ahead_us and len(starts) < AHEAD_MAX:
        # Of the current bin only what is still to come matters: a leaf of another width may
        # cover just that.
        wanted = max(start, as_of_us)
        if not any(lower <= wanted < upper for lower, upper in ranges):
            starts.append(wanted)
        start += policy.width_us
    return starts


def expired(policy: Policy, leaves: Iterable[StoredLeaf], as_of_us: int) -> list[StoredLeaf]:
    """Return the leaves of a root that hold nothing younger than ``keep``, oldest first.

    So are those below the floor, which was raised for a drop that did not succeed.
    None while a detach of the root is unfinished: PostgreSQL allows one at a time.
    """
    own = [leaf for leaf in leaves if leaf.root == policy.root]
    if any(leaf.pending for leaf in own):
        return []
    oldest = as_of_us - policy.keep_us
    if policy.floor_us is not None:
        # A floor of the future is a mistake of somebody, and no reason to drop what is new.
        oldest = max(oldest, min(policy.floor_us, as_of_us))
    return sorted((leaf for leaf in own if leaf.upper_us <= oldest), key=_age)


def floor_of_age(policy: Policy, as_of_us: int) -> int:
    """Return the time below which no leaf is made again, a bin's start."""
    return bin_start(as_of_us - policy.keep_us, policy.width_us)


def plan_budget(
    policies: Sequence[Policy],
    leaves: Sequence[StoredLeaf],
    *,
    used_bytes: int,
    budget_bytes: int,
    as_of_us: int,
) -> BudgetPlan:
    """Return what to drop so that ``used_bytes`` falls under FREED_TO of the budget.

    The lowest drop order gives up first, its oldest leaves first, as long as they are over its
    minimum age; so never the leaf of now. A shortfall above zero means: nothing left, alarm.
    """
    if used_bytes <= budget_bytes:
        return BudgetPlan((), 0)
    excess = used_bytes - int(budget_bytes * FREED_TO)
    drops: list[StoredLeaf] = []
    for leaf in _droppable(policies, leaves, as_of_us):
        if excess <= 0:
            break
        drops.append(leaf)
        excess -= leaf.size_bytes
    return BudgetPlan(tuple(drops), max(excess, 0))


def _droppable(
    policies: Sequence[Policy], leaves: Sequence[StoredLeaf], as_of_us: int
) -> list[StoredLeaf]:
    unfinished = {leaf.root for leaf in leaves if leaf.pending}
    candidates: list[StoredLeaf] = []
    for policy in sorted(policies, key=lambda policy: (policy.drop_order, policy.root)):
        youngest = as_of_us - max(policy.minimum_keep_us, 0)
        old = [leaf for leaf in leaves if leaf.root == policy.root and leaf.upper_us <= youngest]
        if policy.root not in unfinished:
            candidates += sorted(old, key=_age)
    return candidates


def _age(leaf: StoredLeaf) -> int:
    return leaf.lower_us


def disk_budget(*, database_bytes: int, free_bytes: int, wal_bytes: int) -> int:
    """Return the budget that a disk allows: a share of what is ours or free, less the WAL's.

    What others store counts neither way, so a disk that was full before us is no reason to drop.
    """
    return max(int((database_bytes + free_bytes) * DISK_SHARE) - wal_bytes, 0)


def active(leaves: Iterable[StoredLeaf], as_of_us: int) -> list[StoredLeaf]:
    """Return the leaves that rows arrive in: that of now, and those just past."""
    return [
        leaf
        for leaf in leaves
        if leaf.lower_us <= as_of_us < leaf.upper_us + CLOSE_AFTER_US and not leaf.pending
    ]


def closing(leaves: Iterable[StoredLeaf], as_of_us: int) -> StoredLeaf | None:
    """Return the oldest leaf that is past and has not had its last vacuum, None if all have."""
    past = [
        leaf
        for leaf in leaves
        if leaf.upper_us + CLOSE_AFTER_US <= as_of_us and not (leaf.closed or leaf.pending)
    ]
    return min(past, key=_age, default=None)
