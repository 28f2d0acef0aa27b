"""Reads registrations.

Rows are cut by day, because clients keep one Call-ID for weeks. The list goes by the newest
row of each Call-ID that reaches into its period (sorted by that row's first message, so that a page
costs an index scan and no grouping; what was heard of for the last time before the period is passed
over on the way), and the rows of the days before are merged in.
"""

import json
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from hepscope_common.calls.registration import RegistrationFacts
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.cursor import Cursor, moment_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import apply
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import DAY_US, Period
from hepscope_query_api.registrations.filters import registration_filters
from hepscope_query_api.schemas import packed
from hepscope_query_api.timestamps import from_us, to_us

KEY_SHAPE = (int, str, int)
"""Keyset of the list: started_at, call_id, day of the newest row."""

COLUMNS = (
    "day, started_at, last_at, registered_at, origin_key, message_count, expires, source_port, "
    "destination_port, finals::text as finals, call_id, aor_user, aor_domain, contact, "
    "user_agent, source, destination, nodes"
)


class RegistrationRepository:
    """Registrations in the database, read by one request."""

    def __init__(self, session: Session, now_us: int) -> None:
        self._session = session
        self._now_us = now_us

    async def page(
        self,
        period: Period,
        filters: Sequence[tuple[str, str]],
        *,
        order: Order,
        limit: int,
        after: Cursor | None,
    ) -> tuple[list[RegistrationFacts], tuple[int | str, ...] | None]:
        """Return a page of registrations and, unless it is the last, the key of its end."""
        bind = Bind()
        where = [*_newest_in(period, bind), *_after(after, order, bind)]
        where += apply(filters, registration_filters(from_us(self._now_us)), bind)
        way = "desc" if order is Order.NEWEST else "asc"
        rows = await self._session.rows(
            f"select {COLUMNS} from hepscope.registration r where {all_of(where)} "
            f"order by started_at {way}, call_id {way}, day {way} limit {limit + 1}",
            bind.values,
        )
        key = None
        if len(rows) > limit:
            rows = rows[:limit]
            key = to_us(rows[-1]["started_at"]), str(rows[-1]["call_id"]), to_us(rows[-1]["day"])
        return await self._with_earlier_days(rows, period), key

    async def _with_earlier_days(
        self, rows: Sequence[asyncpg.Record], period: Period
    ) -> list[RegistrationFacts]:
        if not rows:
            return []
        facts = {row["call_id"]: facts_of_row(row) for row in rows}
        newest = {row["call_id"]: row["day"] for row in rows}
        earlier = await self._session.rows(
            f"select {COLUMNS} from hepscope.registration where call_id = any($1::text[]) "
            "and last_at >= $2 and day >= $3 and day < $4",
            [list(facts), period.start, _day_of(period.start_us), max(newest.values())],
        )
        for row in earlier:
            if row["day"] < newest[row["call_id"]]:
                facts[row["call_id"]].merge(facts_of_row(row))
        return list(facts.values())


def facts_of_row(row: asyncpg.Record) -> RegistrationFacts:
    """Return the facts that a row of COLUMNS holds."""
    finals = json.loads(row["finals"])
    return RegistrationFacts(
        call_id=row["call_id"],
        day_us=to_us(row["day"]),
        started_us=to_us(row["started_at"]),
        last_us=to_us(row["last_at"]),
        origin_key=row["origin_key"],
        aor_user=row["aor_user"] or "",
        aor_domain=row["aor_domain"] or "",
        contact=row["contact"] or "",
        user_agent=row["user_agent"] or "",
        source=packed(row["source"]),
        source_port=row["source_port"] or 0,
        destination=packed(row["destination"]),
        destination_port=row["destination_port"] or 0,
        registered_us=_us(row["registered_at"]),
        expires=row["expires"],
        message_count=row["message_count"],
        finals={method: (key, reason or "") for method, (key, reason) in finals.items()},
        nodes=tuple(row["nodes"] or ()),
    )


def _newest_in(period: Period, bind: Bind) -> list[str]:
    start, end = bind(period.start), bind(period.end)
    day = bind(_day_of(period.start_us))
    later = (
        "select from hepscope.registration later "
        "where later.call_id = r.call_id and later.day > r.day"
    )
    return [
        # A phone keeps its Call-ID: its day may have begun long before.
        f"last_at >= {start}",
        f"started_at >= {day}",
        f"started_at < {end}",
        # A row's day is that of its messages: prunes partitions.
        f"day >= {day}",
        f"day < {end}",
        f"not exists ({later} and later.started_at < {end})",
    ]


def _after(after: Cursor | None, order: Order, bind: Bind) -> list[str]:
    if after is None:
        return []
    started_us, call_id, day_us = after.key
    moment = bind(moment_of(started_us))
    sign = "<" if order is Order.NEWEST else ">"
    key = f"({moment}, {bind(call_id)}, {bind(moment_of(day_us))})"
    return [f"(started_at, call_id, day) {sign} {key}", f"started_at {sign}= {moment}"]


def _day_of(time_us: int) -> datetime:
    """Return the UTC day that a row of this time is in: it holds all that its messages tell."""
    return from_us(time_us - time_us % DAY_US)


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
