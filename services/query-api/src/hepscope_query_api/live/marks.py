"""How far storage has come: what tells the messages that were committed between two looks.

Rows and bus positions commit together, and the id of a row is its place on the bus. So the rows
committed between two looks are those whose id lies between the positions of both, whatever the
order in which the writer's connections commit, and whatever clocks, spools and midnights do to
the times. Where they lie is told by the sizes of the leaves: rows are added at their ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hepscope_common.bus.protocol import MAX_RECORD_PACKETS
from hepscope_common.bus.topics import SIGNALLING
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import AHEAD_US, DAY_US
from hepscope_query_api.timestamps import from_us

PARTITION_BITS = 53
"""Of a row's id: partition above them; below, the offset of the record and the index in it."""

INDEX_BITS = MAX_RECORD_PACKETS.bit_length() - 1

ROOTS = ("sip_call", "sip_registration", "sip_other")

_READ = """
select bus_id as name, partition as number, next_offset as value
from hepscope.bus_position where topic = $1
union all
select leaf, null, pg_relation_size(to_regclass('hepscope.' || quote_ident(leaf)))
  / current_setting('block_size')::int
from unnest($2::text[]) root
cross join lateral hepscope.leaves(('hepscope.' || root)::regclass)
where not pending and upper > $3 and lower <= $4
"""

Place = tuple[str, int]
"""A partition of a bus: bus id and number."""


@dataclass(frozen=True, slots=True)
class Marks:
    """How far everything was stored at a moment: the next offset of each bus partition."""

    at_us: int
    offsets: Mapping[Place, int]
    blocks: Mapping[str, int]
    """Blocks of each leaf of today and yesterday."""


@dataclass(frozen=True, slots=True)
class IdRanges:
    """Ids from ``lows[p]`` on and before ``highs[p]``, where p is the partition in the id."""

    lows: list[int]
    highs: list[int]

    def __bool__(self) -> bool:
        return any(low < high for low, high in zip(self.lows, self.highs, strict=True))


async def read_marks(session: Session, now_us: int) -> Marks:
    """Return how far storage has come; raises ProblemError.

    Leaves of earlier days are left out: what comes so late is no news, and they are many.
    """
    since, until = from_us(now_us - DAY_US), from_us(now_us + AHEAD_US)
    rows = await session.rows(_READ, [SIGNALLING, list(ROOTS), since, until])
    offsets: dict[Place, int] = {}
    blocks: dict[str, int] = {}
    for row in rows:
        if row["number"] is None:
            blocks[row["name"]] = row["value"] or 0
        else:
            offsets[row["name"], row["number"]] = row["value"]
    return Marks(now_us, offsets, blocks)


def committed_between(before: Marks, after: Marks) -> IdRanges:
    """Return the ids of the rows that were committed between two looks."""
    size = 1 + max((partition for _, partition in after.offsets), default=-1)
    lows, highs = [0] * size, [0] * size
    for place, offset in after.offsets.items():
        partition, known = place[1], before.offsets.get(place, 0)
        if known >= offset:
            continue
        low, high = (partition << PARTITION_BITS | at << INDEX_BITS for at in (known, offset))
        # Two buses in one database, while one replaces the other, share the ids.
        lows[partition] = min(low, lows[partition] or low)
        highs[partition] = max(high, highs[partition])
    return IdRanges(lows, highs)


def committed_until(after: Marks) -> IdRanges:
    """Return the ids of all rows that were committed before a look."""
    return committed_between(Marks(0, {}, {}), after)
