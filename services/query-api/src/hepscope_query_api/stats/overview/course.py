"""Counts and means of all bins, and of the week before, by one statement over the minutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hepscope_common.calls.kpi import ISA_STATUSES, NER_STATUSES, NO_FAILURE, SEER_STATUSES
from hepscope_common.store.kpi_minutes import NO_FINAL
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import Period
from hepscope_query_api.stats.kpi_schemas import Counted
from hepscope_query_api.stats.overview.spans import BEFORE, Spans
from hepscope_query_api.stats.series import METRICS, Bin, Metric
from hepscope_query_api.timestamps import from_us

DRAWN: Final[Mapping[str, Metric]] = {
    name: METRICS[name]
    for name in (
        *("attempts", "ser", "seer", "asr", "ner", "scr", "isa", "ira"),
        *("registrations", "registrations_failed"),
        *("pdd_mean", "srd_mean", "srd_failed_mean", "sdd_mean", "rrd_mean", "acd_mean"),
    )
}
"""The metrics over time that the overview draws."""

MAX_STATUSES: Final = 40
"""Told apart, those that occur most; a forger may send any."""

OTHER: Final = 99
"""What stands for another status: the last of its class that no list holds."""

_TOLD_APART: Final = sorted(SEER_STATUSES | ISA_STATUSES | NER_STATUSES | NO_FAILURE)
_COLUMNS: Final = sorted({column for metric in DRAWN.values() for column in metric.columns})
_SUMS: Final = ", ".join(
    f"sum({name})::bigint as {name}" for name in ("attempts", "follow_ups", "completed", *_COLUMNS)
)


@dataclass(frozen=True, slots=True)
class Course:
    """The sums of each bin, and of the week before."""

    bins: list[Bin]
    before: Bin

    def values(self) -> dict[str, list[float | None]]:
        """Return each of DRAWN, bin by bin."""
        return {
            name: [metric.value(found) for found in self.bins] for name, metric in DRAWN.items()
        }

    def total(self) -> Counted:
        """Return what was counted in all bins together."""
        return counted([one.counted for one in self.bins])

    def statuses(self) -> dict[int | None, list[int]]:
        """Return the calls of each final status, bin by bin; None is no final."""
        found: dict[int | None, list[int]] = {}
        for at, one in enumerate(self.bins):
            for status, count in one.counted.invites.items():
                found.setdefault(status, [0] * len(self.bins))[at] = count
        return found


async def read_course(session: Session, spans: Spans) -> Course:
    """Return the course of a range."""
    bins, bind = spans.bins, Bind()
    start, step = bind(bins.start_us), bind(bins.step_us)
    number = f"((hepscope.unix_us(minute) - {start}::bigint) / {step}::bigint)::int"
    within, before = _within(spans.period, spans, bind), _within(spans.before, spans, bind)
    alike = (
        f"case when status < 100 or status = any({bind(_TOLD_APART)}::int[])"
        " or status in (select status from told) then status"
        f" else status / 100 * 100 + {OTHER} end"
    )
    rows = await session.rows(
        f"with told as (select status from hepscope.kpi_minute where {within} and method = 'INVITE'"
        f" group by 1 order by sum(attempts) desc, 1 limit {MAX_STATUSES})"
        f" select {number} as bin, method, {alike} as status, {_SUMS} from hepscope.kpi_minute"
        f" where {within} group by 1, 2, 3 having sum(attempts) <> 0"
        f" union all select {BEFORE}, method, {alike} as status, {_SUMS} from hepscope.kpi_minute"
        f" where {before} group by 1, 2, 3 having sum(attempts) <> 0",
        bind.values,
    )
    course = Course([Bin() for _ in range(len(bins))], Bin())
    for row in rows:
        at = row["bin"]
        (course.before if at == BEFORE else course.bins[at]).add(dict(row))
    return course


def counted(parts: list[Counted]) -> Counted:
    """Return several counts as one."""
    total = Counted()
    for one in parts:
        for method, statuses in (("INVITE", one.invites), ("REGISTER", one.registers)):
            for status, count in statuses.items():
                total.add(method, status, count)
        total.follow_ups += one.follow_ups
        total.completed += one.completed
    return total


def status_key(status: int | None) -> str:
    """Return how the API calls a final status: ``503``, ``none``, ``other``."""
    if status is None or status == NO_FINAL:
        return "none"
    return "other" if status % 100 == OTHER else str(status)


def _within(period: Period, spans: Spans, bind: Bind) -> str:
    return (
        f"minute >= {bind(from_us(period.start_us))} and minute < {bind(from_us(period.end_us))}"
        f" and node = {bind(spans.node)}"
    )
