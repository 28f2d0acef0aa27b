"""Logs of a call in the database: packets that are no media, as far as they are text.

Their ``call_id`` is what chunk 17 said; it is indexed. Log types (86-89, 96, 100, 101) are shown
whatever they hold, others (DNS, ISUP, CDR ... as JSON) where they are text.
"""

from collections.abc import Callable, Sequence
from typing import Final

import asyncpg

from hepscope_query_api.logs.line import RANKS, Found, Key, Line, Source, plain
from hepscope_query_api.logs.scope import LogScope
from hepscope_query_api.messages.identity import Root
from hepscope_query_api.messages.repository import is_cut, within_bytes
from hepscope_query_api.messages.tables import tables_of
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.cursor import moment_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.timestamps import from_us, to_us

LOG: Final = 2
OTHER: Final = 3
"""Classes of packets; 1 is media."""

MAX_TWINS: Final = 5000
RANK: Final = RANKS[Source.DATABASE]
ALLOWED: Final = "\t\n\r\x1b"
"""Control characters of text: terminals' colours stand in logs."""


class LogRepository:
    """Log lines in the database, read by one request.

    Each statement has a session of its own: time that Loki takes in between is not theirs.
    """

    def __init__(self, session: Callable[[], Session], scope: LogScope) -> None:
        self._session = session
        self._scope = scope

    async def lines(self, order: Order, after: Key | None, limit: int) -> Found:
        """Return lines in order, from behind a place on: at most ``limit``."""
        bind = Bind()
        where = self._where(bind)
        if after is not None:
            where += _behind(after, order, bind)
        way = "desc" if order is Order.NEWEST else "asc"
        tail = f"order by time {way}, id {way}"
        selects = [
            f"(select * from {table} where {all_of(where)} {tail} limit {limit + 1})"
            for table in tables_of(Root.PACKET, payload=True)
        ]
        found = f"select * from ({' union all '.join(selects)}) found {tail} limit {limit + 1}"
        rows = await self._session().rows(within_bytes(found, tail), bind.values)
        is_more = len(rows) > limit or is_cut(rows)
        rows = rows[:limit]
        lines = [line for row in rows if (line := self._line(row)) is not None]
        return Found(lines, _key(rows[-1]) if is_more else None)

    async def twins(self, times_us: Sequence[int]) -> set[tuple[int, str]]:
        """Return time and text of the lines of some moments."""
        bind = Bind()
        where = [*self._where(bind), f"time = any({bind([from_us(time) for time in times_us])})"]
        selects = [
            f"(select time, payload from {table} where {all_of(where)} limit {MAX_TWINS})"
            for table in tables_of(Root.PACKET, payload=True)
        ]
        rows = await self._session().rows(" union all ".join(selects), bind.values)
        return {(to_us(row["time"]), _text(row)) for row in rows}

    def _where(self, bind: Bind) -> list[str]:
        scope = self._scope
        where = [
            f"class in ({LOG}, {OTHER})",
            f"call_id = any({bind(scope.keys)}::text[])",
            f"time >= {bind(scope.wide.start)} and time < {bind(scope.wide.end)}",
        ]
        if scope.others:
            near = f"time >= {bind(scope.near.start)} and time < {bind(scope.near.end)}"
            where.append(f"call_id = {bind(scope.call_id)} or ({near})")
        return where

    def _line(self, row: asyncpg.Record) -> Line | None:
        text = _text(row)
        if row["class"] != LOG and not _is_text(row["payload"] or b""):
            return None
        return Line(
            _key(row),
            Source.DATABASE,
            text,
            node=row["node"] or "",
            protocol_type=row["protocol_type"],
            correlation_id="" if row["call_id"] == self._scope.call_id else row["correlation_id"],
        )


def _behind(after: Key, order: Order, bind: Bind) -> list[str]:
    """Return what keeps the rows that come after a place."""
    moment = bind(moment_of(after.time_us))
    sign = "<" if order is Order.NEWEST else ">"
    if after.rank == RANK:
        number = bind(after.number)
        return [f"time {sign}= {moment}", f"(time, id) {sign} ({moment}, {number}::bigint)"]
    # Rows of the very moment may come before the place, or after it.
    is_behind = after.rank > RANK if order is Order.NEWEST else after.rank < RANK
    return [f"time {sign}{'=' if is_behind else ''} {moment}"]


def _key(row: asyncpg.Record) -> Key:
    return Key(to_us(row["time"]), RANK, row["id"], "")


def _text(row: asyncpg.Record) -> str:
    # As the writer spells it for Loki, or copies of such lines could not be told.
    return plain((row["payload"] or b"").decode("utf-8", "backslashreplace"))


def _is_text(payload: bytes) -> bool:
    try:
        text = plain(payload.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    return not any((char < " " and char not in ALLOWED) or char == "\x7f" for char in text)
