"""Metrics of the maintainer, read from its counts at scrape."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector
from hepscope_storage_writer.maintain_counts import MaintainerCounts

_COUNTED = {
    "rounds": "Rounds of looking after partitions that were completed.",
    "busy_steps": "Steps put off to the next round because something held a lock.",
    "leaves_made": "Partitions made ahead of time.",
    "dropped_by_age": "Partitions dropped because their data was old enough.",
    "dropped_by_budget": "Partitions dropped because the disk budget was reached.",
    "dropped_bytes": "Bytes of dropped partitions.",
    "leaves_closed": "Partitions vacuumed for good once their time was over.",
    "strays_moved": "Rows without a partition that were moved into one.",
    "strays_expired": "Rows without a partition that were deleted for their age.",
    "node_reports_expired": "Rows of the node table that ingests silent for long had left.",
}

_FOUND = {
    "is_leader": "1 in the process that looks after partitions.",
    "database_bytes": "Size of the database as of the last round.",
    "budget_bytes": "Disk budget of the database; absent without one.",
    "shortfall_bytes": "Bytes over budget with nothing left that may be dropped: alarm above 0.",
    "strays": "Rows without a partition: a warning above 0.",
}


class MaintainerMetrics:
    """Counters and gauges over one MaintainerCounts."""

    def __init__(self, registry: CollectorRegistry, counts: MaintainerCounts) -> None:
        counters = [
            CounterFamily(f"hepscope_maintainer_{name}_total", text, read=_reader(counts, name))
            for name, text in _COUNTED.items()
        ]
        gauges = [
            GaugeFamily(f"hepscope_maintainer_{name}", text, _samples(counts, name))
            for name, text in _FOUND.items()
        ]
        by_root = [
            GaugeFamily(
                f"hepscope_maintainer_{name}",
                text,
                _by_root(counts, name),
                ("root",),
            )
            for name, text in (
                ("leaves", "Partitions by table."),
                ("leaf_bytes", "Bytes of partitions by table."),
            )
        ]
        self.collector = PlainCollector(registry, [*counters, *gauges, *by_root])


def _reader(counts: MaintainerCounts, name: str) -> Callable[[], int]:
    return lambda: int(getattr(counts, name))


def _samples(
    counts: MaintainerCounts, name: str
) -> Callable[[], Iterable[tuple[tuple[str, ...], float]]]:
    def read() -> Iterable[tuple[tuple[str, ...], float]]:
        number = getattr(counts, name)
        return [] if number is None else [((), float(number))]

    return read


def _by_root(
    counts: MaintainerCounts, name: str
) -> Callable[[], Iterable[tuple[tuple[str, ...], float]]]:
    return lambda: [((root,), float(n)) for root, n in dict(getattr(counts, name)).items()]
