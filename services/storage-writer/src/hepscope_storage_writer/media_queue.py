"""Table ``media_queue``: what storing transactions left to join, and the worst figures by call.

A row per transaction, written in it. Times are microseconds since 1970.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import asyncpg

from hepscope_storage_writer.media_join import AT, Endpoint, endpoints
from hepscope_storage_writer.media_row import MediaRow

_PUT: Final = """
insert into hepscope.media_queue (first_us, last_us, batch, addresses, ports, asked_ids,
  call_ids, call_times_us, worst_mos, worst_loss, worst_jitter_ms)
values ($1, $2, $3, $4::text[]::inet[], $5, $6, $7, $8, $9, $10, $11)
"""

MAX_NAMES: Final = 10_000
"""Addresses and calls named by rows taken together, unless the first names more: each piece of
reports is sought by all of them."""

OFFERED: Final = 1000
"""A batch of offers counts as so many names."""

_TAKE: Final = f"""
select id, first_us, last_us, batch, addresses::text[] as addresses, ports, asked_ids, call_ids,
  call_times_us, worst_mos, worst_loss, worst_jitter_ms, before + size >= {MAX_NAMES} as is_last
from (
  select *, sum(size) over (order by id) - size as before
  from (
    select *, cardinality(addresses) + cardinality(asked_ids) + cardinality(call_ids)
      + case when batch is null then 0 else {OFFERED} end as size
    from hepscope.media_queue order by id limit $1
  ) found
) summed
where before < {MAX_NAMES} order by id
"""

_OFFERED: Final = f"""
select host(address), port, rtcp_port, call_id from hepscope.media_address
where batch = any($1::bigint[]) and valid_from >= {AT.format("$2")}
  and valid_from <= {AT.format("$3")}
"""

_DELETE: Final = "delete from hepscope.media_queue where id = any($1::bigint[])"

_OLDEST: Final = """
select extract(epoch from now() - stored_at)::float8 from hepscope.media_queue
order by id limit 1
"""


class Worst(NamedTuple):
    """The worst figures of some reports of a call, and the time of one of them."""

    time_us: int
    mos: float | None
    loss: float | None
    jitter_ms: float | None

    def with_(self, other: "Worst") -> "Worst":
        """Return the worst of both."""
        return Worst(
            min(self.time_us, other.time_us),
            _of(min, self.mos, other.mos),
            _of(max, self.loss, other.loss),
            _of(max, self.jitter_ms, other.jitter_ms),
        )


@dataclass(slots=True)
class Left:
    """What is left to join, and the worst figures of calls."""

    first_us: int = 1 << 62
    last_us: int = 0
    batches: set[int] = field(default_factory=set)
    """Of addresses that were offered; of one transaction at most one."""
    endpoints: set[Endpoint] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    worst: dict[str, Worst] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.endpoints or self.calls or self.worst or self.batches)

    def add_missing(self, row: MediaRow) -> None:
        """Look again for the call of a row, or for the description of its call."""
        if row.call_id:
            self.calls.add(row.call_id)
        elif row.correlation_id:
            self.calls.add(row.correlation_id)
        if not row.call_id:
            self.endpoints.update(end for end in endpoints(row) if end is not None)
        self.widen(row.time, row.time)

    def add_worst(self, row: MediaRow) -> None:
        """Take the figures of a row of a known call."""
        found = Worst(row.time, row.worst_mos, row.loss, row.jitter_ms)
        if found[1:] == (None, None, None):
            return
        self.widen(row.time, row.time)
        known = self.worst.get(row.call_id)
        self.worst[row.call_id] = found if known is None else known.with_(found)

    def widen(self, first_us: int, last_us: int) -> None:
        """Let the range of times hold these."""
        self.first_us, self.last_us = min(self.first_us, first_us), max(self.last_us, last_us)

    def merge(self, other: "Left") -> None:
        """Take in all of another."""
        self.widen(other.first_us, other.last_us)
        self.batches |= other.batches
        self.endpoints |= other.endpoints
        self.calls |= other.calls
        for call_id, worst in other.worst.items():
            known = self.worst.get(call_id)
            self.worst[call_id] = worst if known is None else known.with_(worst)


async def put(connection: asyncpg.Connection, left: Left) -> None:
    """Queue what a batch left, in its transaction."""
    if not left:
        return
    ends, worst = list(left.endpoints), list(left.worst.values())
    await connection.execute(
        _PUT,
        min(left.first_us, left.last_us),
        left.last_us,
        next(iter(left.batches), None),
        [address for address, _ in ends],
        [port for _, port in ends],
        list(left.calls),
        list(left.worst),
        [one.time_us for one in worst],
        [one.mos for one in worst],
        [one.loss for one in worst],
        [one.jitter_ms for one in worst],
    )


class Taken(NamedTuple):
    """Rows by their ids, all that they name, and whether there may be more of them."""

    ids: list[int]
    left: Left
    has_more: bool


async def take(connection: asyncpg.Connection, limit: int) -> Taken:
    """Return the oldest rows, at most so many; they stay until deleted."""
    ids: list[int] = []
    left = Left()
    is_last = False
    for row in await connection.fetch(_TAKE, limit):
        ids.append(row["id"])
        is_last = row["is_last"]
        figures = zip(
            row["call_times_us"],
            row["worst_mos"],
            row["worst_loss"],
            row["worst_jitter_ms"],
            strict=True,
        )
        left.merge(
            Left(
                row["first_us"],
                row["last_us"],
                set() if row["batch"] is None else {row["batch"]},
                set(zip(map(_bare, row["addresses"]), row["ports"], strict=True)),
                set(row["asked_ids"]),
                dict(zip(row["call_ids"], (Worst(*one) for one in figures), strict=True)),
            )
        )
    return Taken(ids, left, is_last or len(ids) >= limit)


async def add_offers(connection: asyncpg.Connection, left: Left) -> None:
    """Add the addresses that the batches offered, and the calls that did."""
    if not left.batches:
        return
    offered = await connection.fetch(_OFFERED, list(left.batches), left.first_us, left.last_us)
    for address, port, rtcp_port, call_id in offered:
        left.endpoints.update(((address, port), (address, rtcp_port)))
        left.calls.add(call_id)


async def delete(connection: asyncpg.Connection, ids: Iterable[int]) -> None:
    """Delete rows of which everything is done."""
    await connection.execute(_DELETE, list(ids))


async def oldest_seconds(connection: asyncpg.Connection) -> float:
    """Return how long ago the first row was stored; 0 for an empty queue."""
    return float(await connection.fetchval(_OLDEST) or 0)


def _bare(address: str) -> str:
    return address.partition("/")[0]


def _of(
    choose: Callable[[float, float], float], one: float | None, other: float | None
) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
