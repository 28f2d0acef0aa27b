"""Metrics that cost an integer addition: families of plain counts, read at scrape.

``prometheus_client`` counters take a lock per increment; hot paths count in dictionaries of
ints instead, and a collector turns them into samples when somebody asks. Label values come
from enums or from bounded tables: a family takes at most ``max_series`` label sets, and the
rest goes to ``other``, so that hostile traffic cannot grow it.
"""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

OTHER = "other"
DEFAULT_MAX_SERIES = 500


class CounterFamily:
    """Counts by label values; ``name`` ends in ``_total``."""

    __slots__ = ("_max_series", "_read", "counts", "help", "labels", "name")

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        *,
        known: Iterable[Sequence[str]] = (),
        max_series: int = DEFAULT_MAX_SERIES,
        read: Callable[[], int] | None = None,
    ) -> None:
        """Make a family; ``known`` label sets exist from the start, so that zero is visible.

        With ``read`` it has no labels, and its one count is somebody else's, asked at scrape.
        """
        self._read = read
        self.name = name
        self.help = text
        self.labels = tuple(labels)
        self._max_series = max_series
        self.counts: dict[tuple[str, ...], int] = {tuple(values): 0 for values in known}
        if not labels:
            self.counts[()] = 0

    def add(self, values: tuple[str, ...] = (), amount: int = 1) -> None:
        """Add to the count of a label set, or of ``other`` once the family is full."""
        counts = self.counts
        if values in counts:
            counts[values] += amount
        elif len(counts) < self._max_series:
            counts[values] = amount
        else:
            other = (OTHER,) * len(self.labels)
            counts[other] = counts.get(other, 0) + amount

    def collect(self) -> Metric:
        """Return the samples of this moment."""
        if self._read is not None:
            self.counts[()] = self._read()
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for values, count in list(self.counts.items()):
            family.add_metric(values, count)
        return family


class GaugeFamily:
    """Values asked for at scrape; ``read`` returns label values with a number each."""

    __slots__ = ("_read", "help", "labels", "name")

    def __init__(
        self,
        name: str,
        text: str,
        read: Callable[[], Iterable[tuple[tuple[str, ...], float]]],
        labels: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.help = text
        self.labels = tuple(labels)
        self._read = read

    def collect(self) -> Metric:
        """Return the samples of this moment."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for values, number in self._read():
            family.add_metric(values, number)
        return family


class PlainCollector(Collector):
    """Puts the families of a service on a registry."""

    def __init__(
        self, registry: CollectorRegistry, families: Sequence[CounterFamily | GaugeFamily]
    ) -> None:
        self._families = list(families)
        registry.register(self)

    @property
    def families(self) -> Sequence[CounterFamily | GaugeFamily]:
        """The families, for the generated reference page."""
        return self._families

    def collect(self) -> Iterable[Metric]:
        """Return the samples of this moment."""
        for family in self._families:
            yield family.collect()

    def describe(self) -> Iterable[Metric]:
        """Name the families without reading them, as registration wants."""
        for family in self._families:
            if isinstance(family, CounterFamily):
                yield CounterMetricFamily(family.name, family.help, labels=family.labels)
            else:
                yield GaugeMetricFamily(family.name, family.help, labels=family.labels)
