"""Settings of retention: section ``[retention]``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import Field

from hepscope_common.settings import Section

CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    "calls": ("call", "sip_call", "attempt", "kpi_minute"),
    "media": ("packet_media", "media", "media_address", "media_minute"),
    "registrations": ("registration", "sip_registration"),
    "other": ("sip_other", "packet_other"),
    "logs": ("packet_log",),
}
"""Classes of data, which are kept alike, and the partitioned tables that hold them."""

# Calls are few and looked up over several leaves, so their leaves stay a day wide.
_DAY_WIDE = frozenset(
    {"call", "registration", "attempt", "kpi_minute", "media_address", "media_minute"}
)
HOURS_PER_DAY = 24


class RetentionSettings(Section):
    """How long data is kept, and how much disk it may take."""

    calls_days: float = Field(default=30, gt=0, le=36_500)
    """Days that calls, their messages and the attempts measured from them are kept."""

    media_days: float = Field(default=30, gt=0, le=36_500)
    """Days that media reports, and where calls expected their media, are kept."""

    registrations_days: float = Field(default=7, gt=0, le=36_500)
    """Days that registrations and their messages are kept."""

    other_days: float = Field(default=7, gt=0, le=36_500)
    """Days that all other messages are kept."""

    logs_days: float = Field(default=7, gt=0, le=36_500)
    """Days that log lines are kept."""

    node_reports_days: float = Field(default=7, gt=0, le=36_500)
    """Days that what an ingest told of its capture nodes is kept once it tells no more."""

    partition_hours: float = Field(default=24, ge=0.25, le=24 * 7)
    """Width of a partition of messages; a busy site (10,000 messages/s) wants 1. Whole partitions
    are dropped, so data live up to this much longer. Existing partitions keep their width."""

    disk_budget_bytes: int | None = Field(default=None, ge=0)
    """Bytes that the database may take; above it the oldest data go, log lines first and calls
    last. Unset: a share of the disk where that is known. 0: no budget."""

    disk_path: Path | None = None
    """A directory on the database's disk, to see its free space. Unset: PostgreSQL's data
    directory, when it is on this machine."""

    calls_partition_hours: float | None = Field(default=None, ge=0.25, le=24 * 7)
    """Width of a partition of calls' messages. Unset: `partition_hours`."""

    media_partition_hours: float | None = Field(default=None, ge=0.25, le=24 * 7)
    """Width of a partition of media reports. Unset: `partition_hours`."""

    registrations_partition_hours: float | None = Field(default=None, ge=0.25, le=24 * 7)
    """Width of a partition of registrations' messages. Unset: `partition_hours`."""

    other_partition_hours: float | None = Field(default=None, ge=0.25, le=24 * 7)
    """Width of a partition of all other messages. Unset: `partition_hours`."""

    logs_partition_hours: float | None = Field(default=None, ge=0.25, le=24 * 7)
    """Width of a partition of log lines. Unset: `partition_hours`."""

    interval_seconds: float = Field(default=60, gt=0, le=3600)
    """How often partitions are looked after."""

    def keep_days(self) -> dict[str, float]:
        """Return the days that each partitioned table is kept."""
        return {
            root: getattr(self, f"{name}_days") for name, roots in CLASSES.items() for root in roots
        }

    def width_hours(self, root: str) -> float:
        """Return the width of new partitions of a table."""
        if root in _DAY_WIDE:
            return HOURS_PER_DAY
        own: float | None = getattr(self, f"{class_of_root(root)}_partition_hours")
        return self.partition_hours if own is None else own


def class_of_root(root: str) -> str:
    """Return the class whose data a partitioned table holds."""
    return next(name for name, roots in CLASSES.items() if root in roots)
