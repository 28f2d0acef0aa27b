"""What the maintainer has done and found; metrics read it at scrape."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class MaintainerCounts:
    """Counters only grow; the others are as of the last round."""

    rounds: int = 0
    busy_steps: int = 0
    """Steps given up for this round, because something held a lock or the server was busy."""
    leaves_made: int = 0
    dropped_by_age: int = 0
    dropped_by_budget: int = 0
    dropped_bytes: int = 0
    detaches_finalized: int = 0
    leaves_closed: int = 0
    ranges_summarized: int = 0
    strays_moved: int = 0
    strays_expired: int = 0
    node_reports_expired: int = 0

    is_leader: bool = False
    """Whether this process holds the lease, so that it is the one that works."""
    last_round_us: int = 0
    database_bytes: int = 0
    budget_bytes: int | None = None
    """None: no budget, or nothing is known about the disk."""
    shortfall_bytes: int = 0
    """Above zero: over budget with nothing left that may be dropped. Alarm."""
    strays: int = 0
    """Rows without a partition; more than zero is a warning."""
    leaves: dict[str, int] = field(default_factory=dict)
    """Number of partitions by root."""
    leaf_bytes: dict[str, int] = field(default_factory=dict)
    """Bytes of partitions by root."""
