"""Classic histograms: observations by bucket, which add up over instances.

The buckets of a family are fixed, because only equal buckets can be added. What is observed goes
into the first bucket whose bound it does not pass; a bucket's exposed count includes all below.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from hepscope_common.metrics.family import DEFAULT_MAX_SERIES, OTHER


class _Observed:
    """Observations of one label set."""

    __slots__ = ("counts", "total")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.total = 0.0


class HistogramFamily:
    """Observations by label values; ``bounds`` ascend and leave the infinite one out."""

    __slots__ = (
        "_max_series", "_other", "_texts", "bounds", "clause", "help", "labels", "name", "series",
    )  # fmt: skip
    kind = "histogram"

    def __init__(
        self,
        name: str,
        text: str,
        bounds: Sequence[float],
        labels: Sequence[str] = (),
        *,
        known: Iterable[Sequence[str]] = (),
        max_series: int = DEFAULT_MAX_SERIES,
        clause: str = "",
    ) -> None:
        """Make a family; ``max_series`` bounds the label sets, each of which has every bucket."""
        self.name = name
        self.help = text
        self.bounds = tuple(bounds)
        self.labels = tuple(labels)
        self.clause = clause
        self._max_series = max_series
        self._other = (OTHER,) * len(self.labels)
        self._texts = [*map(floatToGoString, self.bounds), "+Inf"]
        self.series: dict[tuple[str, ...], _Observed] = {}
        for values in known if labels else [()]:
            self._make(tuple(values))

    def observe(self, values: tuple[str, ...], number: float) -> None:
        """Take in an observation of a label set, or of ``other`` once the family is full."""
        observed = self.series.get(values)
        if observed is None:
            if len(self.series) >= self._max_series:
                values = self._other
            observed = self.series.get(values) or self._make(values)
        observed.counts[bisect_left(self.bounds, number)] += 1
        observed.total += number

    def count(self, values: tuple[str, ...] = ()) -> int:
        """Return how many observations a label set has."""
        observed = self.series.get(values)
        return 0 if observed is None else sum(observed.counts)

    def empty(self) -> Metric:
        """Return the metric without samples."""
        return HistogramMetricFamily(self.name, self.help, labels=self.labels)

    def collect(self) -> Metric:
        """Return the samples of this moment."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        for values, observed in list(self.series.items()):
            buckets: list[tuple[str, float]] = []
            below = 0
            for text, count in zip(self._texts, observed.counts, strict=True):
                below += count
                buckets.append((text, below))
            family.add_metric(values, buckets, observed.total)
        return family

    def _make(self, values: tuple[str, ...]) -> _Observed:
        observed = self.series[values] = _Observed(len(self.bounds) + 1)
        return observed
