"""Reads nodes: those that are stored, and what ingests report; few rows, so no index is needed."""

import json
from collections.abc import Sequence

import asyncpg

from hepscope_query_api.nodes.filters import FILTERS
from hepscope_query_api.nodes.reports import COLUMNS, REPORTS, Reported
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.cursor import Cursor, moment_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import apply
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import Period
from hepscope_query_api.timestamps import to_us

KEY_SHAPE = (int, str, str)
"""Keyset of the list: last_seen, name, kind."""

NodeName = tuple[str, str]
"""Kind and name."""

_ITEMS = f"""
with report as ({REPORTS}),
told as (
  select kind, name, min(node_id) as node_id, min(first_seen) as first_seen,
    max(last_seen) as last_seen, max(last_refused) as last_refused, max(reported_at) as reported_at
  from report where kind <> 'other' or packets > 0 or refused <> '{{}}' group by kind, name
),
item as (
  select kind, name, coalesce(stored.node_id, told.node_id) as node_id,
    coalesce(stored.first_seen, told.first_seen, told.reported_at) as first_seen,
    coalesce(greatest(stored.last_seen, told.last_seen), told.last_refused, told.reported_at)
      as last_seen,
    told.last_refused, stored.hep_version, coalesce(stored.packet_count, 0) as packet_count
  from (select 'node' as kind, node.* from hepscope.node) stored full join told using (kind, name)
)
select * from item
"""


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
            last_us, name, kind = after.key
            sign = "<" if order is Order.NEWEST else ">"
            end = f"({bind(moment_of(last_us))}, {bind(name)}, {bind(kind)})"
            where.append(f"(last_seen, name, kind) {sign} {end}")
        way = "desc" if order is Order.NEWEST else "asc"
        rows = await self._session.rows(
            f"{_ITEMS} where {all_of(where)} "
            f"order by last_seen {way}, name {way}, kind {way} limit {limit + 1}",
            bind.values,
        )
        if len(rows) <= limit:
            return rows, None
        last = rows[limit - 1]
        return rows[:limit], (to_us(last["last_seen"]), str(last["name"]), str(last["kind"]))

    async def reports(self, names: Sequence[NodeName]) -> dict[NodeName, list[Reported]]:
        """Return what is reported of these, the newest report first."""
        found: dict[NodeName, list[Reported]] = {name: [] for name in names}
        if not names:
            return found
        rows = await self._session.rows(
            f"select {COLUMNS} from ({REPORTS}) report "
            "where (kind, name) in (select * from unnest($1::text[], $2::text[])) "
            "order by reported_at desc, instance",
            [[kind for kind, _ in names], [name for _, name in names]],
        )
        for row in rows:
            fields = dict(row)
            at = fields.pop("kind"), fields.pop("name")
            fields["refused"] = json.loads(fields["refused"])
            fields["quirks"] = json.loads(fields["quirks"])
            found[at].append(Reported(**fields))
        return found
