"""Reads KPIs: attempts counted by status, and their delays with exact percentiles.

Both go over the attempts themselves, not over the sums by the minute: a range need not begin at a
minute, percentiles need every value, and a million attempts take about a second.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.stats.grouping import Grouping
from hepscope_query_api.stats.kpi_schemas import (
    Counted,
    DelayValue,
    KeyedKpis,
    Kpis,
    keyed_kpis_of,
    kpis_of,
)

_IS_ANSWERED: Final = "coalesce(a.status between 200 and 299, false)"
_IS_DISCONNECTED: Final = "coalesce(a.bye_status between 200 and 299, false)"

DELAYS: Final[Mapping[str, tuple[str, str]]] = {
    "rrd": ("rrd_us", "true"),
    "srd_successful": ("srd_us", _IS_ANSWERED),
    "srd_failed": ("srd_us", f"not {_IS_ANSWERED}"),
    "sdd_successful": ("sdd_us", _IS_DISCONNECTED),
    "sdd_failed": ("sdd_us", f"not {_IS_DISCONNECTED}"),
    "sdt_successful": ("duration_us", "a.bye_status is not null"),
    "sdt_failed": ("duration_us", "a.bye_status is null"),
    "pdd": ("pdd_us", "true"),
    "acd": ("duration_us", "true"),
}
"""The column of each delay and which of its values belong to it."""

_COUNTS: Final = (
    "a.method, a.status, count(*) as attempts,"
    " count(*) filter (where a.follows_redirection) as follow_ups,"
    " count(*) filter (where a.is_completed) as completed"
)


def _delay(name: str, column: str, having: str) -> str:
    only = f"filter (where {having})"
    return (
        f"count(a.{column}) {only} as {name}_count, avg(a.{column}) {only}::float8 as {name}_mean,"
        " percentile_disc(array[0.5, 0.95]) within group"
        f" (order by a.{column}) {only} as {name}_parts"
    )


DELAY_COLUMNS: Final = ", ".join(_delay(name, *delay) for name, delay in DELAYS.items())
"""What ``delays_of`` reads."""


class KpiRepository:
    """KPIs in the database, read by one request."""

    def __init__(self, session: Session, grouping: Grouping) -> None:
        self._session = session
        self._grouping = grouping

    async def total(self) -> Kpis:
        """Return the KPIs of all attempts together."""
        bind = Bind()
        source = self._grouping.source(bind)
        rows = await self._session.rows(f"select {_COUNTS} {source} group by 1, 2", bind.values)
        bind = Bind()
        source = self._grouping.source(bind)
        delays = await self._session.row(f"select {DELAY_COLUMNS} {source}", bind.values)
        return kpis_of(_counted(rows), delays_of(delays))

    async def page(self, *, limit: int, after: str | None) -> tuple[list[KeyedKpis], str | None]:
        """Return KPIs by key, in the order of keys, and the last key unless it is the last page."""
        bind = Bind()
        key = self._grouping.key
        more = [] if after is None else [f"{key} > {bind(after)}"]
        source = self._grouping.source(bind, *more)
        rows = await self._session.rows(
            f"select {key} as key {source} group by 1 order by 1 limit {limit + 1}", bind.values
        )
        keys = [str(row["key"]) for row in rows]
        if not keys:
            return [], None
        items = await self._of_keys(keys[:limit])
        return items, keys[limit - 1] if len(keys) > limit else None

    async def _of_keys(self, keys: Sequence[str]) -> list[KeyedKpis]:
        counted = {key: Counted() for key in keys}
        for row in await self._grouped(f"{_COUNTS}", keys, "1, 2, 3"):
            _count(counted[row["key"]], row)
        delays = {row["key"]: row for row in await self._grouped(DELAY_COLUMNS, keys, "1")}
        return [keyed_kpis_of(key, counted[key], delays_of(delays.get(key))) for key in keys]

    async def _grouped(self, columns: str, keys: Sequence[str], group: str) -> list[asyncpg.Record]:
        bind = Bind()
        key = self._grouping.key
        source = self._grouping.source(bind, f"{key} = any({bind(list(keys))}::text[])")
        return await self._session.rows(
            f"select {key} as key, {columns} {source} group by {group}", bind.values
        )


def _counted(rows: Sequence[asyncpg.Record]) -> Counted:
    counted = Counted()
    for row in rows:
        _count(counted, row)
    return counted


def _count(counted: Counted, row: asyncpg.Record) -> None:
    counted.add(row["method"], row["status"], row["attempts"])
    counted.follow_ups += row["follow_ups"]
    counted.completed += row["completed"]


def delays_of(row: asyncpg.Record | None) -> dict[str, DelayValue]:
    """Return the delays of a row of DELAY_COLUMNS."""
    nothing = DelayValue(count=0, mean_ms=None, p50_ms=None, p95_ms=None)
    if row is None:
        return dict.fromkeys(DELAYS, nothing)
    found = {}
    for name in DELAYS:
        count = row[f"{name}_count"]
        if not count:
            found[name] = nothing
            continue
        half, most = row[f"{name}_parts"]
        mean = row[f"{name}_mean"]
        found[name] = DelayValue(
            count=count, mean_ms=mean / 1000, p50_ms=half / 1000, p95_ms=most / 1000
        )
    return found
