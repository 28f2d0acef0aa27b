"""What a component counts, as metrics: the fields of its counts, read at scrape."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector


def collect_counts(
    registry: CollectorRegistry,
    prefix: str,
    counts: object,
    *,
    counted: Mapping[str, str],
    found: Mapping[str, str],
) -> PlainCollector:
    """Expose fields of ``counts``: ``counted`` ones as counters, ``found`` ones as gauges.

    Both map the name of a field to its help; metrics are called by prefix and field.
    """
    counters = [
        CounterFamily(f"{prefix}_{name}_total", text, read=_reader(counts, name))
        for name, text in counted.items()
    ]
    gauges = [
        GaugeFamily(f"{prefix}_{name}", text, _samples(counts, name))
        for name, text in found.items()
    ]
    return PlainCollector(registry, [*counters, *gauges])


def _reader(counts: object, name: str) -> Callable[[], int]:
    return lambda: int(getattr(counts, name))


def _samples(counts: object, name: str) -> Callable[[], Iterable[tuple[tuple[str, ...], float]]]:
    return lambda: [((), float(getattr(counts, name)))]
