"""What the media joiner has done, and its metrics, read at scrape."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from hepscope_storage_writer.counts_metrics import collect_counts

_COUNTED = {
    "looked": "Media reports looked at again because an address or a call became known.",
    "joined": "Media reports joined to their call after they were stored.",
    "rated": "Media reports whose call, codec or MOS changed by it.",
    "calls": "Call records whose worst MOS, loss or jitter changed.",
    "failed": "Transactions whose reports could not be joined and were given up.",
    "busy": "Rounds put off because the database was busy or away.",
}

_FOUND = {
    "is_leader": "1 in the process that joins.",
    "behind_seconds": "Age of the oldest transaction of which something is not yet joined.",
}


@dataclass(slots=True)
class JoinerCounts:
    """Counters only grow; the others are as of the last round."""

    looked: int = 0
    joined: int = 0
    rated: int = 0
    calls: int = 0
    failed: int = 0
    busy: int = 0

    is_leader: bool = False
    """Whether this process holds the lease, so that it is the one that works."""
    behind_seconds: float = 0.0


class JoinerMetrics:
    """Counters and gauges over one JoinerCounts."""

    def __init__(self, registry: CollectorRegistry, counts: JoinerCounts) -> None:
        self.collector = collect_counts(
            registry, "hepscope_media_joiner", counts, counted=_COUNTED, found=_FOUND
        )
