"""Counters that are kept elsewhere as plain numbers: asked for at scrape."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, Metric

Samples: TypeAlias = Iterable[tuple[tuple[str, ...], float]]
"""Label values, each with its number."""


class TalliedFamily:
    """A counter with labels; ``read`` returns label values from a closed set, with a count each."""

    kind = "counter"

    def __init__(
        self, name: str, text: str, read: Callable[[], Samples], labels: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.help = text
        self.labels = tuple(labels)
        self.clause = ""
        self._read = read

    def empty(self) -> Metric:
        """Return the metric without samples."""
        return CounterMetricFamily(self.name, self.help, labels=self.labels)

    def collect(self) -> Metric:
        """Return the samples of this moment."""
        family = self.empty()
        for values, count in self._read():
            family.add_sample(self.name, dict(zip(self.labels, values, strict=True)), count)
        return family
