"""The machine: receive buffers, open files, clock and disks.

Each function returns findings, none when all is well or cannot be told here (in a container, say).
"""

import ctypes
import os
import resource
from pathlib import Path
from typing import Final

from hepscope_common.tuning.finding import Check, Finding

RMEM_MAX: Final = Path("/proc/sys/net/core/rmem_max")
LEAST_FREE_BYTES: Final = 2 * 1024**3
"""What a database and its log may need within minutes when something is away."""

_MB: Final = 1024 * 1024
_TIME_ERROR: Final = 5
"""What adjtimex(2) returns while nothing disciplines the clock."""
_TIMEX_BYTES: Final = 512
"""More than ``struct timex`` takes on any platform; all zero, it asks and changes nothing."""


def rmem_max(path: Path = RMEM_MAX) -> int | None:
    """Return the largest receive buffer that a process may ask for, None where it is not told."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def receive_buffer(wanted_bytes: int, granted_bytes: int | None) -> list[Finding]:
    """Compare what is asked for each UDP socket with what the kernel gives."""
    if granted_bytes is None or granted_bytes >= wanted_bytes:
        return []
    detail = (
        f"receive buffers are {granted_bytes / _MB:.1f} MB of {wanted_bytes / _MB:.1f} MB wanted,"
        " bursts beyond are dropped by the kernel"
    )
    return [Finding(Check.RECEIVE_BUFFER, detail, f"sysctl -w net.core.rmem_max={wanted_bytes}")]


def open_files(wanted: int) -> list[Finding]:
    """See that so many files may be open; raises this process's limit where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return []
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            hard = soft
        else:
            return []
    detail = f"{hard} files may be open, {wanted} are wanted for all connections"
    remedy = f"LimitNOFILE={wanted} in the unit, or ulimit -n {wanted}"
    return [Finding(Check.OPEN_FILES, detail, remedy)]


def clock() -> list[Finding]:
    """See whether the kernel's clock is disciplined: times of nodes are compared with it."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return []
    if state != _TIME_ERROR:
        return []
    return [Finding(Check.CLOCK, "the clock is not synchronised", "run chronyd (NTP or PTP)")]


def disk_space(what: str, path: Path, needed_bytes: int = LEAST_FREE_BYTES) -> list[Finding]:
    """See that a disk has room; of a directory that is not there yet, the nearest one above."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        status = os.statvfs(path)
    except OSError:
        return []
    free = status.f_bavail * status.f_frsize
    if free >= needed_bytes:
        return []
    detail = (
        f"{what}: {free / _MB:.0f} MB are free at {path}, {needed_bytes / _MB:.0f} MB may be needed"
    )
    return [Finding(Check.DISK_SPACE, detail, "a larger disk, or less to keep (section retention)")]
