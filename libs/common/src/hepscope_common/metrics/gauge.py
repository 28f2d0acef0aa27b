"""Gauges whose value somebody else knows: asked for at scrape, never kept."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric


class GaugeFamily:
    """Values asked for at scrape; ``read`` returns label values with a number each."""

    __slots__ = ("_read", "clause", "help", "labels", "name")
    kind = "gauge"

    def __init__(
        self,
        name: str,
        text: str,
        read: Callable[[], Iterable[tuple[tuple[str, ...], float]]],
        labels: Sequence[str] = (),
        *,
        clause: str = "",
    ) -> None:
        self.name = name
        self.help = text
        self.labels = tuple(labels)
        self.clause = clause
        self._read = read

    def empty(self) -> Metric:
        """Return the metric without samples."""
        return GaugeMetricFamily(self.name, self.help, labels=self.labels)

    def collect(self) -> Metric:
        """Return the samples of this moment."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for values, number in self._read():
            family.add_metric(values, number)
        return family
