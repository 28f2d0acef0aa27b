"""Metrics over time: what each one is made of, bin by bin.

A table drives the parameter's check, the statement and the docs. Values are counts, ratios in
percent, means in milliseconds; a bin without a whole or without a value is a gap (None), one
without attempts counts 0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hepscope_common.calls.kpi import is_failure, is_success
from hepscope_common.store.kpi_minutes import NO_FINAL
from hepscope_query_api.media.minutes import MEDIA_METRICS
from hepscope_query_api.stats.kpi_schemas import RATIOS, Counted, ratio_of


@dataclass(slots=True)
class Bin:
    """The sums of one bin, or of one status in it."""

    counted: Counted = field(default_factory=Counted)
    sums: dict[str, int] = field(default_factory=dict)

    def add(self, row: Mapping[str, object]) -> None:
        """Add a row of sums by method and status."""
        numbers = {name: value for name, value in row.items() if isinstance(value, int)}
        code = numbers["status"]
        status = None if code == NO_FINAL else code
        self.counted.add(str(row["method"]), status, numbers["attempts"])
        self.counted.follow_ups += numbers["follow_ups"]
        self.counted.completed += numbers["completed"]
        for name, value in numbers.items():
            self.sums[name] = self.sums.get(name, 0) + value


Value = Callable[[Bin], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """How a value comes out of a bin; ``columns`` are what it needs beside the counts."""

    value: Value
    columns: tuple[str, ...] = ()
    is_count: bool = False
    """Whether it can be told apart by status."""
    is_registration: bool = False


def _count(having: Callable[[int | None], bool], *, registers: bool = False) -> Metric:
    def value(found: Bin) -> float:
        statuses = found.counted.registers if registers else found.counted.invites
        return sum(count for status, count in statuses.items() if having(status))

    return Metric(value, is_count=True, is_registration=registers)


def _ratio(name: str) -> Metric:
    def value(found: Bin) -> float | None:
        return ratio_of(name, found.counted).percent

    return Metric(value)


def _mean(*names: str) -> Metric:
    def value(found: Bin) -> float | None:
        count = sum(found.sums.get(f"{name}_count", 0) for name in names)
        total_us = sum(found.sums.get(f"{name}_us", 0) for name in names)
        return total_us / count / 1000 if count else None

    columns = [f"{name}_{part}" for name in names for part in ("count", "us")]
    return Metric(value, tuple(columns))


def _any(_status: int | None) -> bool:
    return True


CONCURRENT: Final = "concurrent_calls"
"""The one metric that is no property of a bin: sessions under way at the time of a point."""

METRICS: Final[Mapping[str, Metric]] = {
    "attempts": _count(_any),
    "answered": _count(is_success),
    "failed": _count(is_failure),
    "registrations": _count(_any, registers=True),
    "registrations_failed": _count(is_failure, registers=True),
    **{name: _ratio(name) for name in RATIOS},
    "rrd_mean": _mean("rrd"),
    "srd_mean": _mean("srd_successful"),
    "srd_failed_mean": _mean("srd_failed"),
    "sdd_mean": _mean("sdd_successful"),
    "sdd_failed_mean": _mean("sdd_failed"),
    "pdd_mean": _mean("pdd"),
    "acd_mean": _mean("sdt_successful", "sdt_failed"),
}

NAMES: Final[Sequence[str]] = (*METRICS, CONCURRENT, *MEDIA_METRICS)
BY_STATUS: Final[Sequence[str]] = tuple(name for name, one in METRICS.items() if one.is_count)
