"""Reads calls: a page of the list, and the records of one Call-ID."""

from collections.abc import Sequence

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
    ) -> tuple[list[CallFacts], tuple[int | str, ...] | None]:
        """Return a page of calls and, unless it is the last, the key of its end."""
        search = Search(order, limit + 1)
        search.predicates += _in_period(search, period)
        search.predicates += apply(filters, call_filters(from_us(self._now_us)), search.bind)
        if after is not None:
            search.predicates += _after(search, after)
        await use_parties(search, self._session, filters, q)
        rows = await self._session.rows(search.statement(), search.bind.values)
        last = rows[limit - 1] if len(rows) > limit else None
        key = (
            None
            if last is None
            else (to_us(last["started_at"]), str(last["call_id"]), to_us(last["key_time"]))
        )
        calls = [facts_of_row(row) for row in rows[:limit]]
        if calls:
            await self._add_orphans(calls)
        return calls, key

    async def records(self, call_id: str) -> list[CallFacts]:
        """Return the calls of a Call-ID, oldest first."""
        rows = await self._session.rows(
            f"select {COLUMNS} from hepscope.call where call_id = $1 order by key_time", [call_id]
        )
        return join_orphans(facts_of_row(row) for row in rows)

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
        f"started_at >= {start}",
        f"started_at < {search.bind(period.end)}",
        # key_time is the time of some message, so never before the first: prunes partitions.
        f"key_time >= {start}",
    ]


def _after(search: Search, after: Cursor) -> list[str]:
    started_us, call_id, key_us = after.key
    moment = search.bind(moment_of(started_us))
    key = f"({moment}, {search.bind(call_id)}, {search.bind(moment_of(key_us))})"
    sign = "<" if search.order is Order.NEWEST else ">"
    return [
        f"(started_at, call_id, key_time) {sign} {key}",
        f"started_at {sign}= {moment}",
    ]
