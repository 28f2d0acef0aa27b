"""The exposition formats, with counters whose names are not ours to choose.

The client library ends the name of every counter in ``_total``, also in the TYPE line of one whose
samples do not have it. HOMER's dashboards and alerts know ``heplify_method_response``, so such a
counter is exposed under exactly its name and still says that it is a counter.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector


class ExactCounterMetric(Metric):
    """A counter whose samples have the name of the family."""

    def __init__(self, name: str, documentation: str) -> None:
        super().__init__(name, documentation, "counter")


class _Noting(Collector):
    """A registry, and the names of the exact counters that came out of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.exact: list[str] = []
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            if isinstance(metric, ExactCounterMetric):
                self.exact.append(metric.name)
            yield metric


def expose(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return everything in the format that a scraper accepts, and the format's media type."""
    encode, media_type = choose_encoder(accept)
    noting = _Noting(registry)
    text = encode(noting)
    for name in noting.exact:
        for word in ("HELP", "TYPE"):
            text = text.replace(f"# {word} {name}_total ".encode(), f"# {word} {name} ".encode())
    return text, media_type
