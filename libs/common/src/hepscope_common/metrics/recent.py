"""Gauges of what was said recently: the mean of the last reports, gone when none come any more.

A gauge that keeps its last value tells of one random call at a scrape, and for ever of the last
one after traffic ended. Here a series is the mean over the present window and the one before, and
it expires. It changes only when something is reported, so ``changes()`` tells reports.
"""

import time
from collections.abc import Callable, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from hepscope_common.metrics.family import DEFAULT_MAX_SERIES, OTHER


class _Series:
    """Sums of the present window and of the one before."""

    __slots__ = ("before", "before_count", "count", "seen", "since", "total")

    def __init__(self, now: float) -> None:
        self.since = self.seen = now
        self.total = self.before = 0.0
        self.count = self.before_count = 0


class RecentFamily:
    """Values by label values; ``window_seconds`` 0 keeps the last value alone."""

    __slots__ = (
        "_clock", "_expire", "_max_series", "_other", "_window", "clause", "help", "labels", "name",
        "series",
    )  # fmt: skip
    kind = "gauge"

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        *,
        expire_seconds: float,
        window_seconds: float = 0.0,
        max_series: int = DEFAULT_MAX_SERIES,
        clause: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.help = text
        self.labels = tuple(labels)
        self.clause = clause
        self.series: dict[tuple[str, ...], _Series] = {}
        self._expire = expire_seconds
        self._window = window_seconds
        self._max_series = max_series
        self._other = (OTHER,) * len(self.labels)
        self._clock = clock

    def report(self, values: tuple[str, ...], number: float) -> None:
        """Take in a value of a label set, or of ``other`` while the family is full."""
        now = self._clock()
        one = self.series.get(values)
        if one is None:
            if len(self.series) >= self._max_series:
                self._forget(now)
            if len(self.series) >= self._max_series:
                values = self._other
            one = self.series.get(values)
            if one is None:
                one = self.series[values] = _Series(now)
        elif now - one.since >= self._window:
            is_next = now - one.since < 2 * self._window
            one.before, one.before_count = (one.total, one.count) if is_next else (0.0, 0)
            one.total, one.count, one.since = 0.0, 0, now
        one.seen = now
        one.total += number
        one.count += 1

    def empty(self) -> Metric:
        """Return the metric without samples."""
        return GaugeMetricFamily(self.name, self.help, labels=self.labels)

    def collect(self) -> Metric:
        """Return the series that were reported of lately."""
        self._forget(self._clock())
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for values, one in self.series.items():
            mean = (one.total + one.before) / (one.count + one.before_count)
            family.add_metric(values, mean)
        return family

    def _forget(self, now: float) -> None:
        over = [values for values, one in self.series.items() if now - one.seen >= self._expire]
        for values in over:
            del self.series[values]
