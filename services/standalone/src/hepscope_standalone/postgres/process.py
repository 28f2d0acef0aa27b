"""The running server: our child from start to its reaped end.

It stops in three steps: fast shutdown (SIGINT), immediate shutdown (SIGQUIT, costs a recovery at
the next start, loses nothing committed), SIGKILL. Waiting for it to be ready has no deadline of its
own, since recovery after a crash takes as long as it takes; it ends when the process does.
"""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg

from hepscope_standalone.postgres.account import Account
from hepscope_standalone.postgres.binaries import Binaries
from hepscope_standalone.postgres.cluster import USER
from hepscope_standalone.postgres.errors import refusal, startup_error
from hepscope_standalone.postgres.leftover import PARENT_SETTING
from hepscope_standalone.postgres.server_log import ServerLog, reason_in
from hepscope_standalone.postgres.server_settings import MIB, PORT, free_disk_bytes
from hepscope_standalone.postgres.spawn import spawn

# The server answers 60 ms after its start on an idle machine.
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.25
CONNECT_TIMEOUT_SECONDS = 5.0
ANNOUNCE_SECONDS = 10.0

# After SIGQUIT the server itself kills its children when 5 s have passed.
QUIT_SECONDS = 10.0

# A segment of the write-ahead log: with less free, the next one cannot be made.
FULL_BYTES = 16 * MIB

NOT_READY = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
)


class Server:
    """A server on one cluster; ``start``, then ``ready``, at last ``stop``."""

    def __init__(
        self, cluster_dir: Path, socket_dir: Path, account: Account, log: ServerLog
    ) -> None:
        self._cluster_dir = cluster_dir
        self._socket_dir = socket_dir
        self._account = account
        self._log = log
        self._process: Process | None = None
        self._is_stopping = False

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._running().pid

    async def start(self, binaries: Binaries) -> None:
        """Start the process; call from the main thread (see ``child``). Raises StartupError."""
        mark = f"{PARENT_SETTING}={os.getpid()}"
        command: list[str | os.PathLike[str]] = [
            binaries.postgres,
            "-D",
            self._cluster_dir,
            "-c",
            mark,
        ]
        try:
            output = self._log.open()
            try:
                self._process = await spawn(
                    self._account, command, output=output, working_dir=self._cluster_dir
                )
            finally:
                os.close(output)
        except OSError as error:
            raise refusal("start PostgreSQL with its log in", self._log.path, error) from error

    async def ready(self, announce: Callable[[str], None]) -> None:
        """Return when the server takes connections, a line every 10 s until then.

        Raises StartupError with the server's reason when it ends instead.
        """
        loop = asyncio.get_running_loop()
        started = announced = loop.time()
        pause = FIRST_PAUSE_SECONDS
        while not await self._answers():
            if self._running().returncode is not None:
                raise startup_error(self._obituary())
            if loop.time() - announced >= ANNOUNCE_SECONDS:
                announced = loop.time()
                announce(f"PostgreSQL recovers, {announced - started:.0f} s so far")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def connect(self, database: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection as the owner; raises what asyncpg raises."""
        return await asyncpg.connect(
            host=str(self._socket_dir),
            port=PORT,
            user=USER,
            database=database,
            timeout=CONNECT_TIMEOUT_SECONDS,
        )

    async def failed(self) -> None:
        """Wait until the server ends by itself, then raise StartupError with its last words."""
        await self._running().wait()
        if self._is_stopping:
            await asyncio.get_running_loop().create_future()
        raise startup_error(self._obituary())

    async def stop(self, fast_seconds: float) -> None:
        """Stop and reap the process; fast shutdown may take ``fast_seconds``. Harmless if ended."""
        self._is_stopping = True
        process = self._process
        if process is None:
            return
        for number, seconds in ((signal.SIGINT, fast_seconds), (signal.SIGQUIT, QUIT_SECONDS)):
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.send_signal(number)
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), seconds)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process

    async def _answers(self) -> bool:
        try:
            connection = await self.connect("postgres")
        except NOT_READY:
            return False
        except asyncpg.PostgresError as error:
            raise startup_error(f"PostgreSQL refuses us: {error}") from error
        await connection.close()
        return True

    def _obituary(self) -> str:
        lines = self._log.tail()
        if self._is_disk_full(lines):
            return f"PostgreSQL ended: the disk of {self._cluster_dir.parent} is full"
        code = self._running().returncode or 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return (
            f"PostgreSQL ended ({how}): {reason_in(lines) or 'no reason given'} [{self._log.path}]"
        )

    def _is_disk_full(self, lines: list[str]) -> bool:
        if any("No space left on device" in line for line in lines):
            return True
        # The log may lie on the same disk and lack the very line.
        with suppress(OSError):
            return free_disk_bytes(self._cluster_dir) < FULL_BYTES
        return False
