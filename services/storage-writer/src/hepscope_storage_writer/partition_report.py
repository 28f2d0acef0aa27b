"""What ``hepscope partitions list`` shows: one line per leaf, and how it stands with each.

Rows are estimates of PostgreSQL (of its last analysis, or counted since), times microseconds
since the Unix epoch.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import asyncpg

from hepscope_storage_writer.maintain_catalogue import read_detached, read_leaves
from hepscope_storage_writer.maintain_settings import class_of_root
from hepscope_storage_writer.retention import CLOSE_AFTER_US, StoredLeaf

_ROWS: Final = """
select relname::text, nullif(greatest(reltuples::bigint, pg_stat_get_live_tuples(oid)), -1)
from pg_class where relnamespace = 'hepscope'::regnamespace and relkind = 'r'
"""


class LeafState(StrEnum):
    """How it stands with a leaf."""

    AHEAD = "ahead"
    """Made for what is to come."""
    CURRENT = "current"
    """Rows arrive in it."""
    PAST = "past"
    """Its time is over; its last vacuum is due."""
    CLOSED = "closed"
    """It has had its last vacuum."""
    DETACHING = "detaching"
    """Its detach was interrupted; the next round of maintenance ends it."""
    DETACHED = "detached"
    """A table that is no partition any more: put aside by an operator, or about to be dropped."""


@dataclass(frozen=True, slots=True)
class LeafReport:
    """A leaf; its times are None once it is detached, its rows where nothing is known."""

    kind: str
    root: str
    name: str
    lower_us: int | None
    upper_us: int | None
    rows: int | None
    size_bytes: int
    state: LeafState


async def report(connection: asyncpg.Connection, as_of_us: int) -> list[LeafReport]:
    """Return every leaf, by class, table and age. Raises asyncpg's errors."""
    rows: dict[str, int | None] = {row[0]: row[1] for row in await connection.fetch(_ROWS)}
    found = [
        LeafReport(
            class_of_root(leaf.root),
            leaf.root,
            leaf.name,
            leaf.lower_us,
            leaf.upper_us,
            rows.get(leaf.name),
            leaf.size_bytes,
            state_of(leaf, as_of_us),
        )
        for leaf in await read_leaves(connection)
    ]
    found += [
        LeafReport(
            class_of_root(table.root),
            table.root,
            table.name,
            None,
            None,
            rows.get(table.name),
            table.size_bytes,
            LeafState.DETACHED,
        )
        for table in await read_detached(connection)
    ]
    # Names end in the time, so they sort by age.
    return sorted(found, key=lambda leaf: (leaf.kind, leaf.root, leaf.name))


def state_of(leaf: StoredLeaf, as_of_us: int) -> LeafState:
    """Return how it stands with an attached leaf."""
    if leaf.pending:
        return LeafState.DETACHING
    if leaf.lower_us > as_of_us:
        return LeafState.AHEAD
    if as_of_us < leaf.upper_us + CLOSE_AFTER_US:
        return LeafState.CURRENT
    return LeafState.CLOSED if leaf.closed else LeafState.PAST
