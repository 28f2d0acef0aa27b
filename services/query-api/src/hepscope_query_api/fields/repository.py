"""Reads the values that calls have in a field, with bounded work in a table of any size.

Counted are the newest MAX_CALLS of the calls asked for. Where an index finds these calls they are
the newest of them; else the newest of the range, of which the filters then keep some. Parties
that the newest calls do not have are looked up in the table of parties, which knows them all, and
counted one by one.
"""

from typing import Final

import asyncpg

from hepscope_common.names import Names
from hepscope_query_api.calls.search import TRIGRAM, find_parties
from hepscope_query_api.calls.selection import CallQuestion, Selection, select_calls, within
from hepscope_query_api.fields.phrases import PHRASES
from hepscope_query_api.fields.schemas import FieldValue, FieldValues
from hepscope_query_api.fields.seen import ADDRESSES, PARTIES, SEEN
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.pattern import escape_like
from hepscope_query_api.query.period import Period
from hepscope_query_api.timestamps import from_us, to_us

MAX_CALLS: Final = 100_000
"""Counted in less than a tenth of a second."""


class ValueRepository:
    """Values of a field, counted by one request."""

    def __init__(
        self,
        session: Session,
        question: CallQuestion,
        names: Names,
        max_calls: int = MAX_CALLS,
    ) -> None:
        self._session = session
        self._names = names
        self._question = question
        self._max_calls = max_calls

    async def values(self, name: str, prefix: str, limit: int) -> FieldValues:
        """Return at most ``limit`` values of a field that hold ``prefix``, in either case."""
        selection = await select_calls(self._session, self._question)
        if name in PARTIES and len(prefix) >= TRIGRAM:
            parties = await find_parties(self._session, "ilike", f"%{escape_like(prefix)}%")
            if parties is not None:
                return await self._of_parties(name, selection, parties, prefix, limit)
        period = await self._newest(selection)
        bind = selection.bind()
        seen = SEEN[name]
        value = seen.value(from_us(self._question.now_us), bind)
        calls = selection.seen(
            f"{value} as value",
            selection.where(period, bind),
            table=f"hepscope.call {seen.source}",
        )
        rows = await self._session.rows(
            f"select value, count from (select value, count(*) as count {calls} group by 1) found "
            f"where {_holds(prefix, bind, is_code=seen.is_code)} {_best(prefix, limit, bind)}",
            bind.values,
        )
        return self._values(name, rows, is_sampled=period != self._question.period)

    async def _newest(self, selection: Selection) -> Period:
        """Return the range of the question, cut to its end that holds no more than MAX_CALLS."""
        period = self._question.period
        bind = selection.bind() if selection.is_indexed else Bind()
        where = (
            selection.where(period, bind) if selection.is_indexed else all_of(within(period, bind))
        )
        row = await self._session.row(
            f"select started_at from hepscope.call where {where} "
            f"order by started_at desc offset {self._max_calls} limit 1",
            bind.values,
        )
        if row is None:
            return period
        # Behind this call, unless it is of the last moment.
        return Period(min(to_us(row[0]) + 1, period.end_us - 1), period.end_us)

    async def _of_parties(
        self, name: str, selection: Selection, parties: list[str], prefix: str, limit: int
    ) -> FieldValues:
        most = max(self._max_calls // max(len(parties), 1), 1)
        bind = selection.bind()
        where = selection.where(self._question.period, bind)
        calls = selection.seen("1", f"{name} = party.value and {where}")
        rows = await self._session.rows(
            "select party.value, found.count, max(found.count) over () as most "
            f"from unnest({bind(parties)}::text[]) party (value) cross join lateral "
            f"(select count(*) as count from (select {calls} limit {most}) one) found "
            f"where count > 0 {_best(prefix, limit, bind)}",
            bind.values,
        )
        return self._values(name, rows, is_sampled=any(row["most"] == most for row in rows))

    def _values(self, name: str, rows: list[asyncpg.Record], *, is_sampled: bool) -> FieldValues:
        items = [
            FieldValue(
                value=row["value"], count=row["count"], label=self._label(name, row["value"])
            )
            for row in rows
        ]
        return FieldValues(items=items, is_sampled=is_sampled)

    def _label(self, name: str, value: str) -> str | None:
        if name == "status":
            return PHRASES.get(int(value))
        return self._names.lookup(value) if name in ADDRESSES else None


def _holds(prefix: str, bind: Bind, *, is_code: bool) -> str:
    if not prefix:
        return "value <> ''"
    anywhere = "" if is_code else "%"
    return f"value ilike {bind(f'{anywhere}{escape_like(prefix)}%')}"


def _best(prefix: str, limit: int, bind: Bind) -> str:
    begins = f"value ilike {bind(f'{escape_like(prefix)}%')} desc, " if prefix else ""
    return f'order by {begins}count desc, value collate "C" limit {bind(limit)}'
