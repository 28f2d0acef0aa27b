"""What the measurer has done, and its metrics, read at scrape."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector

_COUNTED = {
    "measured": "Calls and registrations measured, each time that one was.",
    "changed": "Calls and registrations whose stored attempts changed by it.",
    "written": "Attempts written.",
    "expired": "Attempts left out because retention has dropped their day.",
    "cut_short": "Calls and registrations measured by their first messages, being too many.",
    "failed": "Calls and registrations that could not be measured and were given up.",
    "busy": "Rounds put off because the database was busy or away.",
}

_FOUND = {
    "is_leader": "1 in the process that measures.",
    "pending": "Calls and registrations taken from the queue and not yet measured.",
    "behind_seconds": "Age of the oldest transaction of which something is not yet measured.",
}


@dataclass(slots=True)
class MeasurerCounts:
    """Counters only grow; the others are as of the last round."""

    measured: int = 0
    changed: int = 0
    written: int = 0
    expired: int = 0
    cut_short: int = 0
    failed: int = 0
    busy: int = 0

    is_leader: bool = False
    """Whether this process holds the lease, so that it is the one that works."""
    pending: int = 0
    behind_seconds: float = 0.0


class MeasurerMetrics:
    """Counters and gauges over one MeasurerCounts."""

    def __init__(self, registry: CollectorRegistry, counts: MeasurerCounts) -> None:
        counters = [
            CounterFamily(f"hepscope_measurer_{name}_total", text, read=_reader(counts, name))
            for name, text in _COUNTED.items()
        ]
        gauges = [
            GaugeFamily(f"hepscope_measurer_{name}", text, _samples(counts, name))
            for name, text in _FOUND.items()
        ]
        self.collector = PlainCollector(registry, [*counters, *gauges])


def _reader(counts: MeasurerCounts, name: str) -> Callable[[], int]:
    return lambda: int(getattr(counts, name))


def _samples(
    counts: MeasurerCounts, name: str
) -> Callable[[], Iterable[tuple[tuple[str, ...], float]]]:
    return lambda: [((), float(getattr(counts, name)))]
