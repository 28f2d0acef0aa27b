"""How much the database takes and may take, in bytes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from hepscope_common.store.transaction import transaction
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.retention import disk_budget

_USED: Final = """
select pg_database_size(current_database()),
  (select setting::bigint * 1024 * 1024 from pg_settings where name = 'max_wal_size')
"""

FreeBytes = Callable[[Path], int | None]
"""Returns the free bytes of the disk that holds a path, None when it cannot be seen."""


def free_bytes(path: Path) -> int | None:
    """Return the bytes that an ordinary user may still write on a path's disk."""
    try:
        disk = os.statvfs(path)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def is_local(dsn: str) -> bool:
    """Return whether a DSN leads to this machine: by socket or loopback."""
    parts = urlsplit(dsn)
    hosts = [parts.hostname] if parts.hostname else parse_qs(parts.query).get("host", [])
    return all(
        host.startswith(("/", "127.")) or host in ("localhost", "::1") for host in hosts if host
    )


async def used_bytes(connection: asyncpg.Connection) -> tuple[int, int]:
    """Return the size of the database, and the size that its WAL may reach."""
    row = await connection.fetchrow(_USED)
    if row is None:
        raise RuntimeError("the server did not say how large the database is")
    return row[0], row[1]


async def data_directory(connection: asyncpg.Connection) -> Path | None:
    """Return PostgreSQL's data directory, None when we may not know.

    The group role may not, but the user who connected often may.
    """
    try:
        async with transaction(connection):
            await connection.execute("set local role none")
            return Path(await connection.fetchval("select current_setting('data_directory')"))
    except asyncpg.InsufficientPrivilegeError:
        return None


async def budget_bytes(
    connection: asyncpg.Connection,
    settings: RetentionSettings,
    *,
    database_bytes: int,
    wal_bytes: int,
    local: bool,
    free: FreeBytes,
) -> int | None:
    """Return what the database may take, None when there is no budget or no way to know it."""
    if settings.disk_budget_bytes is not None:
        return settings.disk_budget_bytes or None
    path = settings.disk_path
    if path is None and local:
        path = await data_directory(connection)
    available = None if path is None else free(path)
    if available is None:
        return None
    return disk_budget(database_bytes=database_bytes, free_bytes=available, wal_bytes=wal_bytes)
