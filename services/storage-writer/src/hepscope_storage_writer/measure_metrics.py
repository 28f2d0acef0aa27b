"""What the measurer has done, and its metrics, read at scrape."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from hepscope_storage_writer.counts_metrics import collect_counts

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
        self.collector = collect_counts(
            registry, "hepscope_measurer", counts, counted=_COUNTED, found=_FOUND
        )
