"""The collector: puts the families of a service on a registry, and counts what it exposes."""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hepscope_common.metrics.family import Family


class PlainCollector(Collector):
    """Puts the families of a service on a registry."""

    def __init__(
        self, registry: CollectorRegistry, families: Sequence[Family], *, series_name: str = ""
    ) -> None:
        """Register; with ``series_name`` a gauge of that name tells the series of each family.

        A second one, with ``_exposed`` behind the name, tells those of all of them together.
        """
        self._families = list(families)
        self._series_name = series_name
        registry.register(self)

    @property
    def families(self) -> Sequence[Family]:
        """The families, for the generated reference page."""
        return self._families

    def collect(self) -> Iterable[Metric]:
        """Return the samples of this moment."""
        counts: dict[str, int] = {}
        for family in self._families:
            metric = family.collect()
            counts[family.name] = len(metric.samples)
            yield metric
        if self._series_name:
            by_family, exposed = self._series()
            for name, count in counts.items():
                by_family.add_metric((name,), count)
            exposed.add_metric((), sum(counts.values()))
            yield from (by_family, exposed)

    def describe(self) -> Iterable[Metric]:
        """Name the families without reading them, as registration wants."""
        for family in self._families:
            yield family.empty()
        if self._series_name:
            yield from self._series()

    def _series(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
        name = self._series_name
        return (
            GaugeMetricFamily(name, "Series exposed, by metric.", labels=("metric",)),
            GaugeMetricFamily(f"{name}_exposed", "Series exposed, of all metrics in this list."),
        )
