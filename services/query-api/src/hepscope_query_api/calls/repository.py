"""Reads calls: a page of the list, and the records of one Call-ID."""

from collections.abc import Sequence

import asyncpg

from hepscope_common.calls.facts import FLAG_INITIAL, CallFacts
from hepscope_query_api.calls.filters import call_filters
from hepscope_query_api.calls.rows import COLUMNS, facts_of_row, join_orphans
from hepscope_query_api.calls.search import Search, use_parties
from hepscope_query_api.query.cursor import Cursor, moment_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import apply
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import Period
from hepscope_query_api.timestamps import from_us, to_us

KEY_SHAPE = (int, str, int)
"""Keyset of the list: started_at, call_id, key_time."""


Key = tuple[int | str, ...]


class CallRepository:
    """Calls in the database, read by one request."""

    def __init__(self, session: Session, now_us: int) -> None:
        self._session = session
        self._now_us = now_us

    async def page(
        self,
        period: Period,
        filters: Sequence[tuple[str, str]],
        *,
        q: str | None,
        order: Order,
        limit: int,
        after: Cursor | None,
    ) -> tuple[list[CallFacts], Key | None]:
        """Return a page of calls and, unless it is the last, the key of its end."""
        rows: list[asyncpg.Record] = []
        key = None if after is None else after.key
        while True:
            wanted = limit + 1 - len(rows)
            search = Search(order, wanted)
            search.predicates += _in_period(search, period)
            search.predicates += apply(filters, call_filters(from_us(self._now_us)), search.bind)
            search.predicates += _after(search, key)
            await use_parties(search, self._session, filters, q)
            found = await self._session.rows(search.statement(), search.bind.values)
            rows += await self._heads(found)
            if len(found) < wanted or len(rows) > limit:
                break
            # Some were parts of other calls: go on behind the last, so each turn advances.
            key = _key(found[-1])
        calls = [facts_of_row(row) for row in rows[:limit]]
        if calls:
            await self._add_orphans(calls)
        return calls, _key(rows[limit - 1]) if len(rows) > limit else None

    async def records(self, call_id: str) -> list[CallFacts]:
        """Return the calls of a Call-ID, oldest first."""
        rows = await self._session.rows(
            f"select {COLUMNS} from hepscope.call where call_id = $1 order by key_time", [call_id]
        )
        return join_orphans(facts_of_row(row) for row in rows)

    async def _heads(self, rows: list[asyncpg.Record]) -> list[asyncpg.Record]:
        """Return the rows without the orphans that are shown as part of an earlier call.

        Asked for after the page is found: inside its statement, each branch would be planned
        over all partitions once more.
        """
        orphans = [row for row in rows if not row["flags"] & FLAG_INITIAL]
        if not orphans:
            return rows
        parts = await self._session.rows(
            "select call_id, key_time from unnest($1::text[], $2::timestamptz[]) "
            "orphan (call_id, key_time) where exists (select from hepscope.call earlier "
            "where earlier.call_id = orphan.call_id and earlier.key_time < orphan.key_time)",
            [[row["call_id"] for row in orphans], [row["key_time"] for row in orphans]],
        )
        hidden = {(row["call_id"], row["key_time"]) for row in parts}
        return [row for row in rows if (row["call_id"], row["key_time"]) not in hidden]

    async def _add_orphans(self, calls: list[CallFacts]) -> None:
        """Merge into each call the orphans that belong to it."""
        ids = [call.call_id for call in calls]
        since = from_us(min(call.started_us for call in calls))
        orphans = await self._session.rows(
            "select call_id from hepscope.call where call_id = any($1::text[]) "
            f"and key_time > $2 and flags & {FLAG_INITIAL} = 0",
            [ids, since],
        )
        joined = {row["call_id"] for row in orphans}
        for at, call in enumerate(calls):
            if call.call_id in joined:
                records = await self.records(call.call_id)
                same = [one for one in records if one.origin_key == call.origin_key]
                calls[at] = same[0] if same else call


def _in_period(search: Search, period: Period) -> list[str]:
    start = search.bind(period.start)
    return [
        # As a row, which says the same: of two plain bounds the planner makes a range, which it
        # takes for a handful of rows while a table has no statistics, and would sort them all.
        f"(started_at, call_id) >= ({start}, '')",
        f"started_at < {search.bind(period.end)}",
        # key_time is the time of some message, so never before the first: prunes partitions.
        f"key_time >= {start}",
    ]


def _key(row: asyncpg.Record) -> Key:
    return to_us(row["started_at"]), str(row["call_id"]), to_us(row["key_time"])


def _after(search: Search, after: Key | None) -> list[str]:
    if after is None:
        return []
    started_us, call_id, key_us = after
    moment = search.bind(moment_of(started_us))
    key = f"({moment}, {search.bind(call_id)}, {search.bind(moment_of(key_us))})"
    sign = "<" if search.order is Order.NEWEST else ">"
    return [
        f"(started_at, call_id, key_time) {sign} {key}",
        f"started_at {sign}= {moment}",
    ]
