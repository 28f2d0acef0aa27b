"""The embedded PostgreSQL as a component: entered it serves ``dsn``, exited it has stopped.

What it needs is taken in a fixed order and given back in reverse: account, data directory, lock,
programs, cluster, socket directory, server, database. A failure anywhere is one StartupError.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from hepscope_common.data_dir import default_data_dir
from hepscope_standalone.postgres.account import (
    Account,
    account_of_owner,
    own_account,
    service_account,
)
from hepscope_standalone.postgres.binaries import (
    Binaries,
    find_binaries,
    find_wheel,
    installed_directories,
)
from hepscope_standalone.postgres.cluster import CLUSTER_NAME, USER, Cluster
from hepscope_standalone.postgres.data_dir import ROOT_SYSTEM_DEFAULT, prepare_data_dir
from hepscope_standalone.postgres.errors import refusal
from hepscope_standalone.postgres.leftover import settle_leftover
from hepscope_standalone.postgres.lock import DirectoryLock
from hepscope_standalone.postgres.process import Server
from hepscope_standalone.postgres.server_log import ServerLog
from hepscope_standalone.postgres.server_settings import (
    PORT,
    free_disk_bytes,
    server_settings,
    usable_memory_bytes,
)
from hepscope_standalone.postgres.socket_dir import socket_dir

DATABASE = "hepscope"

# A fast shutdown writes all changed pages, up to 2 GB of shared buffers.
FAST_SHUTDOWN_SECONDS = 40.0
DRAIN_SECONDS = FAST_SHUTDOWN_SECONDS + 15.0

LOG_CHECK_SECONDS = 60.0


class EmbeddedPostgres:
    """PostgreSQL on ``data_dir``; enter it in the main thread.

    ``system_dir`` keeps root's copy of the programs, ``announce`` takes lines for the user.
    ``bin_dir`` names programs to use instead of the search. Without ``durable`` nothing is
    synced to disk, which only tests may want.
    """

    name = "postgres"
    kind = "embedded"
    drain_seconds = DRAIN_SECONDS

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        system_dir: Path = ROOT_SYSTEM_DEFAULT,
        announce: Callable[[str], None] = lambda _: None,
        bin_dir: Path | None = None,
        durable: bool = True,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.data_dir = data_dir or default_data_dir(environ, os.geteuid())
        self._system_dir = system_dir
        self._announce = announce
        self._bin_dir = bin_dir
        self._durable = durable
        self._environ = environ
        self._stack = AsyncExitStack()
        self._server: Server | None = None
        self._socket_dir: Path | None = None
        self._binaries: Binaries | None = None

    @property
    def dsn(self) -> str:
        """The address of the database as asyncpg and SQLAlchemy read it; valid once entered."""
        if self._socket_dir is None:
            raise RuntimeError("PostgreSQL is not running")
        host = quote(str(self._socket_dir), safe="/")
        return f"postgresql://{USER}@/{DATABASE}?host={host}&port={PORT}"

    @property
    def version(self) -> str:
        """The version of the server, such as 18.6; valid once entered."""
        if self._binaries is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._binaries.version

    @property
    def pid(self) -> int:
        """The process id of the server; valid once entered."""
        return self._entered().pid

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        self._socket_dir = self._server = self._binaries = None

    async def wait_failed(self) -> None:
        """Return never; raises StartupError with the last words when the server ends by itself."""
        await self._entered().failed()

    async def _start(self) -> None:
        account = self._account()
        self.data_dir = prepare_data_dir(self.data_dir, account)
        self._stack.enter_context(DirectoryLock(self.data_dir))
        binaries = self._find_binaries(account)
        cluster = Cluster(self.data_dir, account, binaries)
        if cluster.check():
            await settle_leftover(cluster.path, self._announce)
        else:
            await cluster.make(self._announce, durable=self._durable)
        sockets = self._stack.enter_context(socket_dir(self.data_dir, account))
        cluster.write_settings(self._settings(sockets))
        log = ServerLog(self.data_dir)
        server = Server(cluster.path, sockets, account, log)
        self._stack.push_async_callback(server.stop, FAST_SHUTDOWN_SECONDS)
        await server.start(binaries)
        await server.ready(self._announce)
        await _ensure_database(server)
        self._watch_log(log)
        self._server, self._socket_dir, self._binaries = server, sockets, binaries

    def _account(self) -> Account:
        if os.geteuid() != 0:
            return own_account()
        cluster_dir = self.data_dir / CLUSTER_NAME
        try:
            owner = account_of_owner(cluster_dir.stat().st_uid)
        except (FileNotFoundError, NotADirectoryError):
            owner = None
        except OSError as error:
            raise refusal("use the data directory", self.data_dir, error) from error
        return owner or service_account(self._announce)

    def _find_binaries(self, account: Account) -> Binaries:
        if self._bin_dir:
            wheel, installed = None, iter([self._bin_dir])
        else:
            wheel, installed = find_wheel(), installed_directories(self._environ)
        return find_binaries(
            account, self._system_dir, self._announce, wheel=wheel, installed=installed
        )

    def _settings(self, sockets: Path) -> Mapping[str, str]:
        return server_settings(
            socket_dir=sockets,
            memory_bytes=usable_memory_bytes(),
            free_disk_bytes=free_disk_bytes(self.data_dir),
            durable=self._durable,
        )

    def _watch_log(self, log: ServerLog) -> None:
        watch = asyncio.create_task(_keep_trimmed(log), name="postgres-log")

        async def end() -> None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

        self._stack.push_async_callback(end)

    def _entered(self) -> Server:
        if self._server is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._server


async def _ensure_database(server: Server) -> None:
    connection = await server.connect("postgres")
    try:
        if not await connection.fetchval(
            "select true from pg_database where datname = $1", DATABASE
        ):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()


async def _keep_trimmed(log: ServerLog) -> None:
    while True:
        await asyncio.sleep(LOG_CHECK_SECONDS)
        try:
            log.trim()
        except OSError:
            # A full disk ends the server first, with a better story than the log's.
            continue
