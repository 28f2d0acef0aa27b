"""Reads metrics over time from the sums by the minute.

Who sends random statuses makes a row of each in every minute. So statuses that no metric tells
apart are added up in the database, and a metric is split by those that occur most.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from hepscope_common.calls.kpi import ISA_STATUSES, NER_STATUSES, NO_FAILURE, SEER_STATUSES
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import DAY_US
from hepscope_query_api.stats.bins import Bins
from hepscope_query_api.stats.series import Bin, Metric
from hepscope_query_api.timestamps import from_us

_BIN: Final = "((hepscope.unix_us(minute) - {start}) / {step})::int as bin"
_TOLD_APART: Final = sorted(SEER_STATUSES | ISA_STATUSES | NER_STATUSES | NO_FAILURE)
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
        bind = Bind()
        # Another one of the class, which is in no list.
        alike = (
            f"case when status < 100 or status = any({bind(_TOLD_APART)}::int[])"
            " then status else status / 100 * 100 + 99 end"
        )
        for row in await self._rows(metric, bind, alike):
            found[int(str(row["bin"]))].add(row)
        return found

    async def statuses(self, metric: Metric, limit: int) -> list[int]:
        """Return the final statuses that occur most, -1 for none."""
        bind = Bind()
        rows = await self._session.rows(
            f"select status from hepscope.kpi_minute where {self._where(metric, bind)}"
            " group by 1 having sum(attempts) <> 0"
            f" order by sum(attempts) desc, 1 limit {bind(limit)}",
            bind.values,
        )
        return [row["status"] for row in rows]

    async def sums_by_status(self, metric: Metric, of: Sequence[int]) -> dict[int, list[Bin]]:
        """Return the sums of each bin for each of some statuses."""
        found: dict[int, list[Bin]] = {}
        bind = Bind()
        for row in await self._rows(metric, bind, "status", f"status = any({bind(of)}::int[])"):
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

    async def _rows(
        self, metric: Metric, bind: Bind, status: str, more: str = "true"
    ) -> list[Mapping[str, object]]:
        bins = self._bins
        number = _BIN.format(start=f"{bind(bins.start_us)}::bigint", step=bind(bins.step_us))
        sums = ", ".join(f"sum({name})::bigint as {name}" for name in (*_COUNTS, *metric.columns))
        rows = await self._session.rows(
            f"select {number}, method, {status} as status, {sums} from hepscope.kpi_minute"
            f" where {self._where(metric, bind)} and {more} group by 1, 2, 3"
            " having sum(attempts) <> 0",
            bind.values,
        )
        return [dict(row) for row in rows]

    def _where(self, metric: Metric, bind: Bind) -> str:
        where = [
            f"minute >= {bind(from_us(self._bins.start_us))}",
            f"minute < {bind(from_us(self._bins.end_us))}",
            f"node = {bind(self._node)}",
        ]
        if metric.is_count:
            where.append(f"method = {bind('REGISTER' if metric.is_registration else 'INVITE')}")
        return " and ".join(where)
