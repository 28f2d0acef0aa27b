"""What is wrong with the partitions of a database: facts of the catalogue in, findings out.

Nothing here mends anything; a round of maintenance does, and what it cannot is the operator's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import asyncpg

from hepscope_storage_writer.maintain_catalogue import read_detached, read_leaves, read_policies
from hepscope_storage_writer.maintain_strays import STRAYS
from hepscope_storage_writer.retention import (
    CLOSE_AFTER_US,
    DetachedLeaf,
    Policy,
    StoredLeaf,
    floor_of_age,
    missing_starts,
)
from hepscope_storage_writer.times import DAY_US

# Strays are counted up to here; more says nothing more.
STRAYS_MAX: Final = 1_000_000
# A round each minute closes one leaf and drops all that are due; later than this is too late.
GRACE_US: Final = DAY_US

_STRAYS: Final = """
select class, count(*) from (select class from hepscope.{stray} limit {limit}) as first group by 1
"""

_INVALID: Final = """
select t.relname::text, i.relname::text
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
where t.relnamespace = 'hepscope'::regnamespace and not (x.indisvalid and x.indisready)
order by 1, 2
"""


class Problem(StrEnum):
    """What can be wrong. Closed: scripts compare them."""

    MISSING_AHEAD = "missing_ahead"
    """No partition for a time that is near: no maintainer works, or it cannot."""
    STRAY_ROWS = "stray_rows"
    """Rows without a partition, which searches read slowly."""
    DETACHING = "detaching"
    """A detach was interrupted: its rows are out of sight, and nothing else can be dropped."""
    DETACHED = "detached"
    """A table that is no partition any more takes space, and its time can have no other."""
    INVALID_INDEX = "invalid_index"
    """An index that queries cannot use: it was being built when something failed."""
    NOT_CLOSED = "not_closed"
    """A partition whose time is over lacks its last vacuum and analysis."""
    BELOW_FLOOR = "below_floor"
    """A partition below the floor: its drop was begun and did not succeed."""
    OVERDUE = "overdue"
    """A partition older than what is kept."""
    FLOOR_AHEAD = "floor_ahead"
    """The floor lies in the future, so that everything that arrives is a stray."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, the table that has it, and more about it."""

    problem: Problem
    table: str
    detail: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What the catalogue says; strays by root, invalid indexes as (table, index)."""

    policies: Sequence[Policy]
    leaves: Sequence[StoredLeaf]
    detached: Sequence[DetachedLeaf] = ()
    strays: Mapping[str, int] = field(default_factory=dict)
    invalid_indexes: Sequence[tuple[str, str]] = ()


async def read_stored(connection: asyncpg.Connection) -> Stored:
    """Return what the catalogue says. Raises asyncpg's errors."""
    strays: dict[str, int] = {}
    for stray, roots in STRAYS.items():
        query = _STRAYS.format(stray=stray, limit=STRAYS_MAX)
        strays |= {roots[number]: count for number, count in await connection.fetch(query)}
    return Stored(
        policies=await read_policies(connection),
        leaves=await read_leaves(connection),
        detached=await read_detached(connection),
        strays=strays,
        invalid_indexes=[(row[0], row[1]) for row in await connection.fetch(_INVALID)],
    )


def find_problems(stored: Stored, as_of_us: int) -> list[Finding]:
    """Return everything that is wrong, by table."""
    findings = [
        *_whole(stored),
        *(found for policy in stored.policies for found in _of_policy(policy, stored, as_of_us)),
        *(found for leaf in stored.leaves for found in _of_leaf(leaf, as_of_us)),
    ]
    return sorted(findings, key=lambda found: (found.table, found.problem))


def _whole(stored: Stored) -> Iterable[Finding]:
    for root, count in stored.strays.items():
        yield Finding(Problem.STRAY_ROWS, root, f"{count} rows without a partition")
    for table in stored.detached:
        why = "about to be dropped" if table.dropping else "put aside by an operator"
        yield Finding(Problem.DETACHED, table.name, f"{table.size_bytes} bytes, {why}")
    for name, index in stored.invalid_indexes:
        yield Finding(Problem.INVALID_INDEX, name, f"index {index} cannot be used")


def _of_policy(policy: Policy, stored: Stored, as_of_us: int) -> Iterable[Finding]:
    # The far end of what is made ahead is only made by the next round.
    near_us = as_of_us + policy.ahead_us // 2
    missing = [
        start
        for start in missing_starts(policy, stored.leaves, as_of_us)
        if start <= near_us and (policy.floor_us is None or start >= policy.floor_us)
    ]
    if missing:
        first_hours = max(missing[0] - as_of_us, 0) / (DAY_US / 24)
        detail = f"{len(missing)} partitions, the first for {first_hours:.1f} h from now"
        yield Finding(Problem.MISSING_AHEAD, policy.root, detail)
    if policy.floor_us is not None and policy.floor_us > as_of_us:
        yield Finding(Problem.FLOOR_AHEAD, policy.root, "rows of now have no partition")
    for leaf in stored.leaves:
        if leaf.root != policy.root or leaf.pending:
            continue
        if policy.floor_us is not None and leaf.upper_us <= policy.floor_us:
            yield Finding(Problem.BELOW_FLOOR, leaf.name, "its drop was begun and did not succeed")
        elif leaf.upper_us <= floor_of_age(policy, as_of_us) - GRACE_US:
            yield Finding(Problem.OVERDUE, leaf.name, "older than what is kept")


def _of_leaf(leaf: StoredLeaf, as_of_us: int) -> Iterable[Finding]:
    if leaf.pending:
        yield Finding(Problem.DETACHING, leaf.name, "its detach was interrupted")
    elif not leaf.closed and leaf.upper_us + CLOSE_AFTER_US + GRACE_US <= as_of_us:
        yield Finding(Problem.NOT_CLOSED, leaf.name, "its last vacuum and analysis are due")
