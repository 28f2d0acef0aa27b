"""What is not as it should be, and the very setting that mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What is looked at. Closed: each is a metric label."""

    RECEIVE_BUFFER = "receive_buffer"
    OPEN_FILES = "open_files"
    CLOCK = "clock"
    DISK_SPACE = "disk_space"
    DATABASE_VERSION = "database_version"
    DATABASE_LOCKS = "database_locks"
    SHARED_BUFFERS = "shared_buffers"
    WAL_SIZE = "wal_size"
    DURABILITY = "durability"
    AUTOVACUUM = "autovacuum"
    SYNCHRONOUS_COMMIT = "synchronous_commit"
    CHECKSUMS = "checksums"
    PLANNER = "planner"
    NOT_LOOKED_AT = "not_looked_at"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that could be better.

    ``remedy`` is what to set or run. A hint is no fault, only worth knowing.
    """

    check: Check
    detail: str
    remedy: str
    is_hint: bool = False

    def __str__(self) -> str:
        return f"{self.detail}: {self.remedy}"
