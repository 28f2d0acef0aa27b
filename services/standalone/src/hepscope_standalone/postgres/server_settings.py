"""The settings of the embedded server, written to ``hepscope.conf`` at every start.

Sizes follow the machine: memory in bytes as the container may use it, disk as free bytes beside
the data. Nothing listens on the network; the only way in is the socket in a closed directory.
The wheel is built without lz4, so compression of the write-ahead log is pglz.
"""

import os
from collections.abc import Mapping
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB

# The number in the socket's file name; no TCP port is opened.
PORT = 5432

# A writer, an API and an exporter with their pools, a psql beside them, and some to spare.
MAX_CONNECTIONS = 50

# The user's own settings, beside ours; it is included when it exists.
LOCAL_NAME = "local.conf"

CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def server_settings(
    *, socket_dir: Path, memory_bytes: int, free_disk_bytes: int, durable: bool = True
) -> dict[str, str]:
    """Return the settings by name; without ``durable``, for tests, nothing is synced to disk."""
    buffers = _between(64 * MIB, memory_bytes // 8, 2 * GIB)
    # Few checkpoints make a fast writer; a small disk must not fill with log.
    log_bytes = _between(256 * MIB, free_disk_bytes // 16, 4 * GIB)
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "max_connections": str(MAX_CONNECTIONS),
        # A search may touch every leaf of a month and each of its indexes.
        "max_locks_per_transaction": "256",
        "shared_buffers": _mib(buffers),
        "effective_cache_size": _mib(_between(128 * MIB, memory_bytes // 2, 64 * GIB)),
        "maintenance_work_mem": _mib(_between(32 * MIB, memory_bytes // 32, 256 * MIB)),
        "work_mem": _mib(_between(4 * MIB, memory_bytes // 512, 32 * MIB)),
        "max_wal_size": _mib(log_bytes),
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        "synchronous_commit": "on",
        "jit": "off",
        "random_page_cost": "1.1",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return settings


def render(settings: Mapping[str, str], *, local: bool = False) -> str:
    """Return the text of the settings file; with ``local``, ``local.conf`` has the last word."""
    lines = [
        "# Written by hepscope at every start: changes here are lost.",
        f"# Put your own into {LOCAL_NAME} beside this file.",
        *(f"{name} = {_quoted(value)}" for name, value in settings.items()),
        *([f"include '{LOCAL_NAME}'"] if local else []),
    ]
    return "\n".join(lines) + "\n"


def usable_memory_bytes(limits: tuple[Path, ...] = CGROUP_LIMITS) -> int:
    """Return the memory this process may use: the machine's, or its container's when smaller."""
    usable = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in limits:
        try:
            text = limit.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            usable = min(usable, int(text))
    return usable


def free_disk_bytes(path: Path) -> int:
    """Return the bytes that a normal user may still write beside ``path``; raises OSError."""
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))


def _mib(size_bytes: int) -> str:
    return f"{size_bytes // MIB}MB"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
