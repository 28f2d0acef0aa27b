"""Settings of a PostgreSQL server that cost hepscope speed or safety.

``judge`` is pure. Locks: a search may take one for every leaf of a table and each of its indexes;
the server's lock table has max_locks_per_transaction for each connection, in common to all. Leaves
are counted as they will be once the retention is full, so that it is told years before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from hepscope_common.store.connection import Access, connect
from hepscope_common.tuning.finding import Check, Finding

TESTED: Final = (15, 18)
"""The oldest and the newest major release that the tests run on."""

SEARCHES: Final = 8
"""Searches over everything that may run at once: the API's pool."""

DEFAULT_SHARED_BYTES: Final = 128 * 1024**2
DEFAULT_WAL_BYTES: Final = 1024**3
LOCKS_MAX: Final = 65_536

_GB: Final = 1024**3
_NAMES: Final = (
    *("autovacuum", "data_checksums", "fsync", "full_page_writes", "max_connections"),
    *("max_locks_per_transaction", "max_prepared_transactions", "max_wal_size"),
    *("random_page_cost", "server_version", "server_version_num", "shared_buffers"),
)
_SETTINGS: Final = "select name, setting, reset_val, unit from pg_settings where name = any($1)"
_LEAVES: Final = """
select root::text as root,
  (select count(*) from pg_inherits where inhparent = root) as leaves,
  ceil(extract(epoch from keep + ahead) / extract(epoch from width))::bigint + 1 as planned,
  1 + (select count(*) from pg_index where indrelid = root) as relations
from hepscope.partition_policy
"""
_UNITS: Final[Mapping[str, int]] = {"8kB": 8192, "kB": 1024, "MB": 1024**2}


@dataclass(frozen=True, slots=True)
class Server:
    """What is known of a server."""

    version: str
    version_number: int
    locks_per_transaction: int
    connections: int
    shared_bytes: int
    wal_bytes: int
    locks_wanted: int
    settings: Mapping[str, str]


async def read_server(connection: asyncpg.Connection) -> Server:
    """Return what there is to judge; raises asyncpg's errors, also without our schema."""
    found = {row["name"]: row for row in await connection.fetch(_SETTINGS, _NAMES)}
    # Of a session's own settings what the server gives to others.
    settings = {name: str(row["reset_val"] or row["setting"]) for name, row in found.items()}

    def size(name: str) -> int:
        return int(settings[name]) * _UNITS[found[name]["unit"]]

    of_roots = [
        max(row["leaves"], row["planned"]) * row["relations"]
        for row in await connection.fetch(_LEAVES)
    ]
    return Server(
        version=settings["server_version"],
        version_number=int(settings["server_version_num"]) // 10000,
        locks_per_transaction=int(settings["max_locks_per_transaction"]),
        connections=int(settings["max_connections"]) + int(settings["max_prepared_transactions"]),
        shared_bytes=size("shared_buffers"),
        wal_bytes=size("max_wal_size"),
        # A dump or a migration holds every one of them at once.
        locks_wanted=SEARCHES * max(of_roots, default=0) + sum(of_roots),
        settings=settings,
    )


async def look(dsn: str, *, is_ours: bool, bus_keeps: bool, commit: str) -> list[Finding]:
    """Return what is to be said of the server at an address; raises what connecting raises."""
    connection = await connect(dsn, Access.READER, application_name="hepscope tuning")
    try:
        server = await read_server(connection)
        return judge(server, is_ours=is_ours, bus_keeps=bus_keeps, commit=commit)
    finally:
        await connection.close()


def judge(server: Server, *, is_ours: bool, bus_keeps: bool, commit: str) -> list[Finding]:
    """Return what is to be said of a server.

    ``is_ours``: the embedded one, whose sizes are chosen for the machine. ``bus_keeps``: what the
    server may lose in a crash, the bus still has, so that it is stored again. ``commit``: the
    setting writer.synchronous_commit, which writers put above the server's.
    """
    found = _safety(server) + _commit(commit, bus_keeps=bus_keeps) + _locks(server)
    return found if is_ours else found + _version(server) + _sizes(server)


def _safety(server: Server) -> list[Finding]:
    found = [
        Finding(
            Check.DURABILITY,
            f"{name} is off, a crash of the machine may destroy the database",
            f"alter system set {name} = on",
        )
        for name in ("fsync", "full_page_writes")
        if server.settings[name] == "off"
    ]
    if server.settings["autovacuum"] == "off":
        detail = "autovacuum is off, tables that are updated grow without end"
        found.append(Finding(Check.AUTOVACUUM, detail, "alter system set autovacuum = on"))
    return found


def _commit(commit: str, *, bus_keeps: bool) -> list[Finding]:
    if (commit == "off") == bus_keeps:
        return []
    if bus_keeps:
        detail = "synchronous_commit is on; Kafka keeps what a crash would take, off stores faster"
        remedy = "writer.synchronous_commit = off"
        return [Finding(Check.SYNCHRONOUS_COMMIT, detail, remedy, is_hint=True)]
    detail = "synchronous_commit is off: accepted packets of the last second may be lost"
    return [Finding(Check.SYNCHRONOUS_COMMIT, detail, "writer.synchronous_commit = on")]


def _locks(server: Server) -> list[Finding]:
    slots = server.locks_per_transaction * server.connections
    if slots >= server.locks_wanted:
        return []
    wanted = -(-server.locks_wanted // server.connections)
    power = min(1 << (wanted - 1).bit_length(), LOCKS_MAX)
    detail = (
        f"max_locks_per_transaction = {server.locks_per_transaction} gives {slots} locks, searches"
        f" over all partitions may need {server.locks_wanted}"
    )
    remedy = f"alter system set max_locks_per_transaction = {power}, and a restart"
    return [Finding(Check.DATABASE_LOCKS, detail, remedy)]


def _version(server: Server) -> list[Finding]:
    oldest, newest = TESTED
    if oldest <= server.version_number <= newest:
        return []
    detail = f"PostgreSQL {server.version} is none of those tested"
    return [Finding(Check.DATABASE_VERSION, detail, f"a release from {oldest} to {newest}")]


def _sizes(server: Server) -> list[Finding]:
    found = []
    if server.shared_bytes <= DEFAULT_SHARED_BYTES:
        detail = f"shared_buffers is {server.shared_bytes // 1024**2} MB, the default"
        remedy = "alter system set shared_buffers = '4GB' (a quarter of its memory), and a restart"
        found.append(Finding(Check.SHARED_BUFFERS, detail, remedy))
    if server.wal_bytes <= DEFAULT_WAL_BYTES:
        detail = f"max_wal_size is {server.wal_bytes / _GB:.1f} GB, under load checkpoints crowd"
        remedy = "alter system set max_wal_size = '4GB', checkpoint_timeout = '15min'"
        found.append(Finding(Check.WAL_SIZE, detail, remedy))
    if float(server.settings["random_page_cost"]) >= 4:
        detail = "random_page_cost is 4, that of turning disks"
        remedy = "alter system set random_page_cost = 1.1, on flash"
        found.append(Finding(Check.PLANNER, detail, remedy, is_hint=True))
    if server.settings["data_checksums"] == "off":
        detail = "data checksums are off, a failing disk goes unnoticed"
        remedy = "pg_checksums --enable, with the server stopped"
        found.append(Finding(Check.CHECKSUMS, detail, remedy, is_hint=True))
    return found
