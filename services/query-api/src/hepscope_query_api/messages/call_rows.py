"""Rows of calls: all messages of one Call-ID or several, for a ladder or an export."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import asyncpg

from hepscope_query_api.calls.scope import Scope
from hepscope_query_api.messages.identity import Root
from hepscope_query_api.messages.repository import is_cut, within_bytes
from hepscope_query_api.messages.tables import TELLING_PAYLOAD, tables_of
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.database import Database, Session
from hepscope_query_api.query.period import ALWAYS, Period

BATCH: Final = 500
"""Rows of an export read at once: a few hundred kilobytes of usual SIP."""

LADDER_BYTES: Final = 16 * 1024 * 1024
"""Payloads read for one ladder, and one more: session descriptions of 10,000 messages."""


async def ladder_rows(
    session: Session,
    scopes: Sequence[Scope],
    roots: Mapping[Root, list[int] | None],
    limit: int,
) -> tuple[list[asyncpg.Record], bool]:
    """Return the first rows of calls, oldest first, and whether there are more.

    Their payload is null where it has neither a body nor a Reason header.
    """
    bind = Bind()
    where = _of_calls(scopes, bind)
    order = "order by time, id, root"
    tail = f"{order} limit {limit + 1}"
    selects = []
    for root, types in roots.items():
        chosen = where if types is None else [*where, f"protocol_type = any({bind(types)}::int[])"]
        selects += [
            f"(select * from {table} where {all_of(chosen)} {tail})"
            for table in tables_of(root, payload=root is Root.SIP, body=TELLING_PAYLOAD)
        ]
    found = f"select * from ({' union all '.join(selects)}) found {tail}"
    rows = await session.rows(within_bytes(found, order, LADDER_BYTES), bind.values)
    return rows[:limit], len(rows) > limit or is_cut(rows)


async def in_batches(
    database: Database, scopes: Sequence[Scope]
) -> AsyncIterator[list[asyncpg.Record]]:
    """Yield the SIP messages of calls with their payloads, oldest first by the packets' clock.

    Each batch is a statement of its own, with its own deadline: a slow reader of an export holds
    neither a connection nor a transaction. Rows are never changed, so nothing is lost or doubled
    between batches but what is stored meanwhile.
    """
    after: tuple[datetime, int] | None = None
    while True:
        bind = Bind()
        where = _of_calls(scopes, bind)
        if after is not None:
            where.append(f"(clock, id) > ({bind(after[0])}, {bind(after[1])})")
        order = "order by clock, id"
        tail = f"{order} limit {BATCH}"
        selects = [
            f"(select * from {table} where {all_of(where)} {tail})"
            for table in tables_of(Root.SIP, payload=True)
        ]
        found = f"select * from ({' union all '.join(selects)}) found {tail}"
        rows = await database.session().rows(within_bytes(found, order), bind.values)
        if rows:
            yield rows
        if len(rows) < BATCH and not is_cut(rows):
            return
        after = rows[-1]["clock"], rows[-1]["id"]


def _of_calls(scopes: Sequence[Scope], bind: Bind) -> list[str]:
    """Return the predicates of the messages of calls, each within its own period."""
    if len(scopes) == 1:
        (scope,) = scopes
        return [f"call_id = {bind(scope.call_id)}", *_in_period(scope.period, bind)]
    # All of them first, by which the index finds rows and partitions are pruned.
    start_us = min(scope.period.start_us for scope in scopes)
    end_us = max(scope.period.end_us for scope in scopes)
    each = [
        all_of([f"call_id = {bind(scope.call_id)}", *_in_period(scope.period, bind)])
        for scope in scopes
    ]
    return [
        f"call_id = any({bind([scope.call_id for scope in scopes])}::text[])",
        *_in_period(Period(start_us, end_us), bind),
        " or ".join(f"({one})" for one in each),
    ]


def _in_period(period: Period, bind: Bind) -> list[str]:
    if period == ALWAYS:
        return []
    return [f"time >= {bind(period.start)}", f"time < {bind(period.end)}"]
