"""Leaves of partitioned tables: which one holds a time, made when missing, and remembered.

Rows are COPYed into a leaf by name, never through its root, so that dropping an old partition
cannot stop a writer. Leaves have UTC names like ``sip_call_p20260131_0000`` and half-open ranges
of times; the database decides both (``hepscope.ensure_partition``), because widths may change.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

import asyncpg

# Bins of ``date_bin`` count from 2000-01-01 UTC, here in microseconds since 1970.
ORIGIN_US: Final = 946_684_800_000_000
# Sentinels of an open end; beyond every time that a packet can have.
ALWAYS_US: Final = -(1 << 62)
NEVER_US: Final = 1 << 62
# Ranges remembered per root: 90 days of 15-minute leaves. Oldest ones are forgotten first.
RANGES_MAX: Final = 8640

_ENSURE: Final = """
select leaf, lower_us, upper_us from hepscope.ensure_partition(
  $1::text::regclass,
  timestamptz 'epoch' + $2::bigint * interval '1 microsecond',
  timestamptz 'epoch' + $3::bigint * interval '1 microsecond')
"""


def bin_start(time_us: int, width_us: int) -> int:
    """Return the start of the bin that holds a time, as SQL's date_bin from 2000-01-01 UTC."""
    return time_us - (time_us - ORIGIN_US) % width_us


@dataclass(frozen=True, slots=True)
class Leaf:
    """The answer for times in [lower_us, upper_us); name is None where rows are strays."""

    name: str | None
    lower_us: int
    upper_us: int

    def holds(self, time_us: int) -> bool:
        """Return whether the answer is the same for this time."""
        return self.lower_us <= time_us < self.upper_us


@dataclass(slots=True)
class _Ranges:
    """Remembered leaves of one root, which never overlap, by lower end."""

    lowers: list[int] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)

    def find(self, time_us: int) -> Leaf | None:
        at = bisect_right(self.lowers, time_us) - 1
        if at >= 0 and self.leaves[at].holds(time_us):
            return self.leaves[at]
        return None

    def add(self, leaf: Leaf) -> None:
        # What was remembered of this range is out of date, since the database was asked again.
        kept = [
            known
            for known in self.leaves
            if known.upper_us <= leaf.lower_us or leaf.upper_us <= known.lower_us
        ]
        self.leaves = sorted([*kept, leaf], key=lambda known: known.lower_us)[-RANGES_MAX:]
        self.lowers = [known.lower_us for known in self.leaves]


class LeafCache:
    """Which leaf holds a time, for every root that was asked for.

    ``find`` answers from memory on the hot path. ``ensure`` asks the database, on a connection
    other than that of the storing transaction and in autocommit: a leaf must not vanish with a
    rollback, nor its lock last as long as a batch.
    """

    def __init__(self) -> None:
        self._roots: dict[str, _Ranges] = {}

    def find(self, root: str, time_us: int) -> Leaf | None:
        """Return the remembered leaf of ``root`` that holds the time, None when not known."""
        ranges = self._roots.get(root)
        return None if ranges is None else ranges.find(time_us)

    async def ensure(
        self, connection: asyncpg.Connection, root: str, time_us: int, *, now_us: int
    ) -> Leaf:
        """Return the leaf that holds the time, made if missing; its name is None for strays.

        ``root`` has no schema before it. Raises asyncpg's errors; LockNotAvailableError when
        another session holds the root for longer than 2 s.
        """
        known = self.find(root, time_us)
        if known is not None:
            return known
        row = await connection.fetchrow(_ENSURE, f"hepscope.{root}", time_us, now_us)
        if row is None:
            raise RuntimeError("ensure_partition gave no row")
        leaf = Leaf(
            row["leaf"],
            ALWAYS_US if row["lower_us"] is None else row["lower_us"],
            NEVER_US if row["upper_us"] is None else row["upper_us"],
        )
        # Time goes on, so "too far ahead" and "on its way out" are answers for now only.
        if leaf.name is not None or leaf.lower_us == ALWAYS_US:
            self._roots.setdefault(root, _Ranges()).add(leaf)
        return leaf

    def forget(self, root: str | None = None) -> None:
        """Forget the leaves of a root, or all: after "undefined table" and lost connections."""
        if root is None:
            self._roots.clear()
        else:
            self._roots.pop(root, None)
