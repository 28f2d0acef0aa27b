"""Settings of retention: section ``[retention]``."""

from pathlib import Path

from pydantic import Field

from hepscope_common.settings import Section

# Days of each kind, by the root that holds it.
_ROOTS = {
    "call": "calls_days",
    "sip_call": "calls_days",
    "packet_media": "media_days",
    "registration": "registrations_days",
    "sip_registration": "registrations_days",
    "sip_other": "other_days",
    "packet_other": "other_days",
    "packet_log": "logs_days",
}
# Calls are few and looked up over several leaves, so their leaves stay a day wide.
_DAY_WIDE = frozenset({"call", "registration"})
HOURS_PER_DAY = 24


class RetentionSettings(Section):
    """How long data is kept, and how much disk it may take."""

    calls_days: float = Field(default=30, gt=0, le=36_500)
    """Days that calls and their messages are kept."""

    media_days: float = Field(default=30, gt=0, le=36_500)
    """Days that media reports are kept."""

    registrations_days: float = Field(default=7, gt=0, le=36_500)
    """Days that registrations and their messages are kept."""

    other_days: float = Field(default=7, gt=0, le=36_500)
    """Days that all other messages are kept."""

    logs_days: float = Field(default=7, gt=0, le=36_500)
    """Days that log lines are kept."""

    partition_hours: float = Field(default=24, ge=0.25, le=24 * 7)
    """Width of a partition of messages; a busy site (10,000 messages/s) wants 1. Whole partitions
    are dropped, so data live up to this much longer. Existing partitions keep their width."""

    disk_budget_bytes: int | None = Field(default=None, ge=0)
    """Bytes that the database may take; above it the oldest data go, log lines first and calls
    last. Unset: a share of the disk where that is known. 0: no budget."""

    disk_path: Path | None = None
    """A directory on the database's disk, to see its free space. Unset: PostgreSQL's data
    directory, when it is on this machine."""

    interval_seconds: float = Field(default=60, gt=0, le=3600)
    """How often partitions are looked after."""

    def keep_days(self) -> dict[str, float]:
        """Return the days that each partitioned table is kept."""
        return {root: getattr(self, name) for root, name in _ROOTS.items()}

    def width_hours(self, root: str) -> float:
        """Return the width of new partitions of a table."""
        return HOURS_PER_DAY if root in _DAY_WIDE else self.partition_hours
