"""Reads nodes; few rows, so that no index is needed."""

from collections.abc import Mapping, Sequence

import asyncpg

from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.cursor import Cursor, moment_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import apply
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import Period
from hepscope_query_api.query.predicates import Predicate, number_field, text_field, time_field
from hepscope_query_api.timestamps import to_us

KEY_SHAPE = (int, str)
"""Keyset of the list: last_seen, name."""

FILTERS: Mapping[str, Predicate] = {
    "name": text_field("name"),
    "node_id": number_field("node_id"),
    "first_seen": time_field("first_seen"),
    "last_seen": time_field("last_seen"),
    "hep_version": number_field("hep_version"),
    "packet_count": number_field("packet_count"),
}


class NodeRepository:
    """Nodes in the database, read by one request."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def page(
        self,
        period: Period,
        filters: Sequence[tuple[str, str]],
        *,
        order: Order,
        limit: int,
        after: Cursor | None,
    ) -> tuple[list[asyncpg.Record], tuple[int | str, ...] | None]:
        """Return a page of nodes and, unless it is the last, the key of its end."""
        bind = Bind()
        where = [f"last_seen >= {bind(period.start)}", f"last_seen < {bind(period.end)}"]
        where += apply(filters, FILTERS, bind)
        if after is not None:
            last_us, name = after.key
            sign = "<" if order is Order.NEWEST else ">"
            where.append(f"(last_seen, name) {sign} ({bind(moment_of(last_us))}, {bind(name)})")
        way = "desc" if order is Order.NEWEST else "asc"
        rows = await self._session.rows(
            "select name, node_id, first_seen, last_seen, hep_version, packet_count "
            f"from hepscope.node where {all_of(where)} "
            f"order by last_seen {way}, name {way} limit {limit + 1}",
            bind.values,
        )
        if len(rows) <= limit:
            return rows, None
        last = rows[limit - 1]
        return rows[:limit], (to_us(last["last_seen"]), str(last["name"]))
