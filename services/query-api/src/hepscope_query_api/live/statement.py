"""The SQL that reads what was committed between two looks, through the filters of a reader.

Three ways to the same rows:

- **the ends of the leaves**, by block number: what a look costs depends on what was stored since
  the look before and on nothing else. A time would not do: BRIN leads to all blocks of the last
  minute, which the maintainer has not summarized yet, and misses rows of slow clocks;
- **by time**, now and then: vacuum gives room in old blocks back, and a row in ten thousand goes
  there. Those are the rows that the ends did not show;
- **by time of arrival**, once, for a reader whose connection was cut.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hepscope_query_api.live.marks import PARTITION_BITS, IdRanges
from hepscope_query_api.messages.filters import MESSAGE_FILTERS
from hepscope_query_api.messages.identity import Root
from hepscope_query_api.messages.tables import columns_of
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.filters import apply
from hepscope_query_api.timestamps import from_us

Filters = Sequence[tuple[str, str]]

ROOM_US = 60 * 1_000_000
"""How far back by time rows in old blocks are looked for."""

OVERLAP_US = 2 * 1_000_000
"""What a reader whose connection was cut is sent again at most; it knows messages by their id."""

_COLUMNS = columns_of(Root.SIP, payload=False)


@dataclass(frozen=True, slots=True)
class Ends:
    """Rows with these ids at the ends of leaves, each from a block on, and among the strays."""

    ids: IdRanges
    from_block: Mapping[str, int]
    arrived_from_us: int

    def count(self, filters: Filters, bind: Bind) -> str:
        """Return the SQL of how many there are."""
        arms = [f"(select count(*) as n from {arm})" for arm in self._arms(filters, bind, 1)]
        return f"select sum(n)::bigint as total from ({' union all '.join(arms)}) counted"

    def sample(self, filters: Filters, bind: Bind, *, one_of: int, limit: int) -> str:
        """Return the SQL of the messages of one call of ``one_of``, newest first."""
        arms = [f"(select {_COLUMNS} from {arm})" for arm in self._arms(filters, bind, one_of)]
        return _newest(" union all ".join(arms), limit)

    def _arms(self, filters: Filters, bind: Bind, one_of: int) -> list[str]:
        shared = [_within(self.ids, bind), *apply(filters, MESSAGE_FILTERS, bind)]
        if one_of > 1:
            shared.append(f"hashtextextended(call_id, 0) & {bind(one_of - 1)}::bigint = 0")
        places = {
            f'hepscope."{leaf}"': f"ctid >= {bind(f'({block},0)')}::text::tid"
            for leaf, block in self.from_block.items()
        }
        places["hepscope.sip_stray"] = f"received_at >= {bind(from_us(self.arrived_from_us))}"
        return [f"{table} where {all_of([place, *shared])}" for table, place in places.items()]


def left_out(
    ids: IdRanges, seen: Collection[int], now_us: int, filters: Filters, bind: Bind, *, limit: int
) -> str:
    """Return the SQL of the messages with these ids, of the last minute, that are not in seen."""
    where = [
        f"time >= {bind(from_us(now_us - ROOM_US))}",
        _within(ids, bind),
        f"id <> all({bind(list(seen))}::bigint[])",
        *apply(filters, MESSAGE_FILTERS, bind),
    ]
    return _newest(f"select {_COLUMNS} from hepscope.sip where {all_of(where)}", limit)


def arrived_since(since_us: int, ids: IdRanges, filters: Filters, bind: Bind, *, limit: int) -> str:
    """Return the SQL of the messages with these ids that arrived since a moment."""
    where = [
        f"time >= {bind(from_us(since_us - ROOM_US))}",
        f"received_at >= {bind(from_us(since_us - OVERLAP_US))}",
        _within(ids, bind),
        *apply(filters, MESSAGE_FILTERS, bind),
    ]
    return _newest(f"select {_COLUMNS} from hepscope.sip where {all_of(where)}", limit)


def _within(ids: IdRanges, bind: Bind) -> str:
    partition = f"(id >> {PARTITION_BITS})::int + 1"
    low, high = (f"({bind(side)}::bigint[])[{partition}]" for side in (ids.lows, ids.highs))
    return f"id >= {low} and id < {high}"


def _newest(rows: str, limit: int) -> str:
    return f"select * from ({rows}) found order by time desc, id desc limit {limit}"
