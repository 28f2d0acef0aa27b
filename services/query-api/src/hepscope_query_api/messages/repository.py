"""Reads messages: pages of lists, the first of a selection, one by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from hepscope_query_api.messages.filters import MESSAGE_FILTERS
from hepscope_query_api.messages.identity import MessageId, Root
from hepscope_query_api.messages.tables import tables_of
from hepscope_query_api.messages.windows import Windows
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.cursor import Cursor, moment_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.filters import Wanted, apply, wanted
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import ALWAYS, Period
from hepscope_query_api.timestamps import from_us, to_us

KEY_SHAPE = (int, int, int)
"""Keyset of lists: time, sequence, root."""

PAYLOAD_BYTES = 8 * 1024 * 1024
"""Payloads read at once, and one more: 1000 messages of 64 kB would take half a gigabyte to
answer. What does not fit is on the next page."""

MAX_LOOKS = 3
"""How often the end of a gap is looked for behind an empty window, until one is crossed. To a
search for what is rare most windows are empty, though no gap is there."""

Key = tuple[int | str, ...]


@dataclass(slots=True)
class Selection:
    """Which messages are wanted, of which tables."""

    roots: Mapping[Root, list[int] | None]
    period: Period = ALWAYS
    call_id: str | None = None
    filters: Sequence[tuple[str, str]] = ()
    payload: bool = False
    order: Order = Order.NEWEST
    after: Cursor | None = field(default=None)

    @property
    def is_indexed(self) -> bool:
        """Whether an index finds the rows, so that the length of the period does not matter."""
        if self.call_id is not None:
            return True
        call_ids = wanted(self.filters).get("call_id", Wanted((), ())).any_of
        return bool(call_ids) and all(value and "*" not in value for value in call_ids)

    def statement(self, period: Period, limit: int, bind: Bind) -> str:
        """Return the SQL of the messages within a period."""
        way = "desc" if self.order is Order.NEWEST else "asc"
        order = f"order by time {way}, id {way}, root {way}"
        tail = f"{order} limit {limit}"
        shared = self._predicates(period, bind)
        selects = []
        for root, types in self.roots.items():
            where = list(shared)
            if types is not None:
                where.append(f"protocol_type = any({bind(types)}::int[])")
            selects += [
                f"(select * from {table} where {all_of(where)} {tail})"
                for table in tables_of(root, payload=self.payload)
            ]
        found = f"select * from ({' union all '.join(selects)}) found {tail}"
        return within_bytes(found, order) if self.payload else found

    def _predicates(self, period: Period, bind: Bind) -> list[str]:
        predicates = []
        if period != ALWAYS:
            predicates += [f"time >= {bind(period.start)}", f"time < {bind(period.end)}"]
        if self.call_id is not None:
            predicates.append(f"call_id = {bind(self.call_id)}")
        if self.after is not None:
            time_us, sequence, root = self.after.key
            moment = bind(moment_of(time_us))
            sign = "<" if self.order is Order.NEWEST else ">"
            key = f"({moment}, {bind(sequence)}::bigint, {bind(root)}::bigint)"
            predicates.append(f"time {sign}= {moment}")
            predicates.append(f"(time, id, root) {sign} {key}")
        return [*predicates, *apply(self.filters, MESSAGE_FILTERS, bind)]


class MessageRepository:
    """Messages in the database, read by one request."""

    def __init__(self, session: Session, now_us: int) -> None:
        self._session = session
        self._now_us = now_us

    async def page(self, wanted: Selection, limit: int) -> tuple[list[asyncpg.Record], Key | None]:
        """Return a page of rows and, unless it is the last, the key of its end."""
        rows: list[asyncpg.Record] = []
        held = looks = 0
        windows = self._windows(wanted)
        while (window := windows.next()) is not None:
            found = await self._read(wanted, window, limit + 1 - len(rows))
            rows += found
            if len(rows) > limit:
                return rows[:limit], _key(rows[limit - 1])
            held += _payload_bytes(found) if wanted.payload else 0
            if rows and (held >= PAYLOAD_BYTES or (wanted.payload and is_cut(found))):
                return rows, _key(rows[-1])
            if not found and looks < MAX_LOOKS:
                looks = MAX_LOOKS if await self._cross_gap(windows) else looks + 1
        return rows, None

    async def first(self, wanted: Selection, limit: int) -> list[asyncpg.Record]:
        """Return at most so many rows, by one statement."""
        return await self._read(wanted, wanted.period, limit)

    async def one(self, wanted: MessageId, *, payload: bool) -> asyncpg.Record | None:
        """Return the row that an id names."""
        bind = Bind()
        try:
            moment = from_us(wanted.time_us)
        except OverflowError:
            return None
        where = all_of(
            [
                f"class = {bind(wanted.class_)}",
                f"time = {bind(moment)}",
                f"id = {bind(wanted.sequence)}",
            ]
        )
        selects = [
            f"(select * from {table} where {where} limit 1)"
            for table in tables_of(wanted.root, payload=payload)
        ]
        return await self._session.row(" union all ".join(selects), bind.values)

    def _windows(self, wanted: Selection) -> Windows:
        period = wanted.period
        if wanted.is_indexed:
            return Windows(period, wanted.order, period.end_us, period.end_us - period.start_us)
        if wanted.after is not None:
            # Nothing of the list lies before its cursor.
            time_us = int(wanted.after.key[0])
            if wanted.order is Order.NEWEST:
                period = Period(period.start_us, min(period.end_us, time_us + 1))
            else:
                period = Period(max(period.start_us, time_us), period.end_us)
        return Windows(period, wanted.order, self._now_us)

    async def _cross_gap(self, windows: Windows) -> bool:
        """Let windows go on where the next call starts, which has an index on time."""
        left, bind = windows.period, Bind()
        start = bind(left.start)
        way = "desc" if windows.order is Order.NEWEST else "asc"
        # The start as CallRepository has it.
        row = await self._session.row(
            f"select started_at from hepscope.call where (started_at, call_id) >= ({start}, '') "
            f"and started_at < {bind(left.end)} and key_time >= {start} "
            f"order by started_at {way} limit 1",
            bind.values,
        )
        return row is not None and windows.cross(to_us(row["started_at"]))

    async def _read(self, wanted: Selection, period: Period, limit: int) -> list[asyncpg.Record]:
        bind = Bind()
        statement = wanted.statement(period, limit, bind)
        return await self._session.rows(statement, bind.values)


def within_bytes(statement: str, order: str, limit: int = PAYLOAD_BYTES) -> str:
    """Return a statement that ends with the row whose payload passes so many bytes.

    ``found_rows`` of each row is how many there would be without that. Lengths are read without
    the payloads themselves.
    """
    # Not "exclude current row": that adds up anew for each row.
    frame = "rows between unbounded preceding and 1 preceding"
    before = f"sum(octet_length(payload)) over ({order} {frame})"
    return (
        f"select * from (select *, {before} as before, count(*) over () as found_rows "
        f"from ({statement}) page) page where coalesce(before, 0) < {limit} {order}"
    )


def is_cut(rows: Sequence[asyncpg.Record]) -> bool:
    """Return whether rows of within_bytes are not all that were found."""
    return bool(rows) and len(rows) < rows[0]["found_rows"]


def _payload_bytes(rows: Sequence[asyncpg.Record]) -> int:
    return sum(len(row["payload"] or b"") for row in rows)


def _key(row: asyncpg.Record) -> Key:
    return to_us(row["time"]), row["id"], row["root"]
