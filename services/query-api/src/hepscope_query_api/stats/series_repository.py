"""Reads metrics over time from the sums by the minute."""

from collections.abc import Mapping
from typing import Final

from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import DAY_US
from hepscope_query_api.stats.bins import Bins
from hepscope_query_api.stats.series import Bin, Metric
from hepscope_query_api.timestamps import from_us

_BIN: Final = "((hepscope.unix_us(minute) - {start}) / {step})::int as bin"
_COUNTS: Final = ("attempts", "follow_ups", "completed")


class SeriesRepository:
    """Sums by the minute in the database, read by one request; ``node`` "" is overall."""

    def __init__(self, session: Session, bins: Bins, node: str) -> None:
        self._session = session
        self._bins = bins
        self._node = node

    async def sums(self, metric: Metric) -> list[Bin]:
        """Return the sums of each bin."""
        found = [Bin() for _ in range(len(self._bins))]
        for row in await self._rows(metric):
            found[int(str(row["bin"]))].add(row)
        return found

    async def sums_by_status(self, metric: Metric) -> dict[int, list[Bin]]:
        """Return the same for each final status that occurs, -1 for none."""
        found: dict[int, list[Bin]] = {}
        for row in await self._rows(metric):
            status = int(str(row["status"]))
            bins = found.setdefault(status, [Bin() for _ in range(len(self._bins))])
            bins[int(str(row["bin"]))].add(row)
        return found

    async def concurrent(self) -> list[int]:
        """Return how many sessions were under way at the start of each bin.

        A session lasts a day at most, so all of them were answered on the day of the first bin or
        on the day before: what begins and ends is added up from that midnight (UTC) on, without
        the ends of sessions that had been answered earlier.
        """
        bins = self._bins
        first_us = bins.start_us - bins.start_us % DAY_US - DAY_US
        bind = Bind()
        start, first = bind(bins.start_us), bind(from_us(first_us))
        rows = await self._session.rows(
            "select greatest(-1, floor((hepscope.unix_us(minute) - "
            f"{start}::bigint)::float8 / {bind(bins.step_us)}::bigint))::int as bin,"
            " sum(sessions_started - sessions_ended + case when minute < "
            f"{first}::timestamptz + interval '1 day' then sessions_carried else 0 end)::bigint"
            " as more from hepscope.kpi_minute"
            f" where minute >= {first} and minute < {bind(from_us(bins.end_us))}"
            f" and node = {bind(self._node)} and method = 'INVITE' group by 1",
            bind.values,
        )
        changes = {row["bin"]: int(row["more"]) for row in rows}
        under_way = changes.get(-1, 0)
        found = []
        for at in range(len(bins)):
            found.append(under_way)
            under_way += changes.get(at, 0)
        return found

    async def _rows(self, metric: Metric) -> list[Mapping[str, object]]:
        bins = self._bins
        bind = Bind()
        number = _BIN.format(start=f"{bind(bins.start_us)}::bigint", step=bind(bins.step_us))
        sums = ", ".join(f"sum({name})::bigint as {name}" for name in (*_COUNTS, *metric.columns))
        method = "REGISTER" if metric.is_registration else None
        where = [
            f"minute >= {bind(from_us(bins.start_us))}",
            f"minute < {bind(from_us(bins.end_us))}",
            f"node = {bind(self._node)}",
        ]
        if metric.is_count:
            where.append(f"method = {bind(method or 'INVITE')}")
        rows = await self._session.rows(
            f"select {number}, method, status, {sums} from hepscope.kpi_minute"
            f" where {' and '.join(where)} group by 1, 2, 3 having sum(attempts) <> 0",
            bind.values,
        )
        return [dict(row) for row in rows]
