"""The collector: puts the families of a service on a registry, and counts what it exposes."""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from hepscope_common.metrics.family import Family
from hepscope_common.metrics.gauge import GaugeFamily


class PlainCollector(Collector):
    """Puts the families of a service on a registry."""

    def __init__(
        self, registry: CollectorRegistry, families: Sequence[Family], *, series_name: str = ""
    ) -> None:
        """Register; with ``series_name`` a gauge of that name tells the series of each family.

        A second one, with ``_exposed`` behind the name, tells those of all of them together.
        """
        self._families = list(families)
        self._series: dict[str, int] = {}
        if series_name:
            self._families += self._series_families(series_name)
        registry.register(self)

    @property
    def families(self) -> Sequence[Family]:
        """The families, for the generated reference page."""
        return self._families

    def collect(self) -> Iterable[Metric]:
        """Return the samples of this moment."""
        self._series = {}
        for family in self._families:
            metric = family.collect()
            self._series[family.name] = len(metric.samples)
            yield metric

    def describe(self) -> Iterable[Metric]:
        """Name the families without reading them, as registration wants."""
        for family in self._families:
            yield family.empty()

    def _series_families(self, name: str) -> list[Family]:
        """Return the gauges that tell the series of the families before them."""

        def by_metric() -> Iterable[tuple[tuple[str, ...], float]]:
            return [((metric,), count) for metric, count in self._series.items()]

        def exposed() -> Iterable[tuple[tuple[str, ...], float]]:
            return [((), sum(count for metric, count in self._series.items() if metric != name))]

        return [
            GaugeFamily(name, "Series exposed by this list of metrics.", by_metric, ("metric",)),
            GaugeFamily(f"{name}_exposed", "Series exposed by all of them together.", exposed),
        ]
