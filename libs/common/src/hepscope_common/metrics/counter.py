"""Counters: numbers that only grow, by label values."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, Metric

from hepscope_common.metrics.exposition import ExactCounterMetric
from hepscope_common.metrics.family import DEFAULT_MAX_SERIES, OTHER


class CounterFamily:
    """Counts by label values; ``name`` ends in ``_total``, unless it must stay what it is."""

    __slots__ = ("_max_series", "_other", "_read", "clause", "counts", "help", "labels", "name")
    kind = "counter"

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        *,
        known: Iterable[Sequence[str]] = (),
        max_series: int = DEFAULT_MAX_SERIES,
        read: Callable[[], int] | None = None,
        clause: str = "",
    ) -> None:
        """Make a family; ``known`` label sets exist from the start, so that zero is visible.

        With ``read`` it has no labels, and its one count is somebody else's, asked at scrape.
        """
        self._read = read
        self.name = name
        self.help = text
        self.labels = tuple(labels)
        self.clause = clause
        self._max_series = max_series
        self._other = (OTHER,) * len(self.labels)
        self.counts: dict[tuple[str, ...], float] = {tuple(values): 0 for values in known}
        if not labels:
            self.counts[()] = 0

    def add(self, values: tuple[str, ...] = (), amount: float = 1) -> None:
        """Add to the count of a label set, or of ``other`` once the family is full."""
        counts = self.counts
        if values in counts:
            counts[values] += amount
        elif len(counts) < self._max_series:
            counts[values] = amount
        else:
            counts[self._other] = counts.get(self._other, 0) + amount

    def empty(self) -> Metric:
        """Return the metric without samples."""
        if not self.name.endswith("_total"):
            return ExactCounterMetric(self.name, self.help)
        return CounterMetricFamily(self.name, self.help, labels=self.labels)

    def collect(self) -> Metric:
        """Return the samples of this moment."""
        if self._read is not None:
            self.counts[()] = self._read()
        family = self.empty()
        for values, count in list(self.counts.items()):
            family.add_sample(self.name, dict(zip(self.labels, values, strict=True)), count)
        return family
