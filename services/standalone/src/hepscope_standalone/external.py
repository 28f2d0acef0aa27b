"""A PostgreSQL that somebody else runs, in the place of the embedded one."""

import asyncio
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from hepscope_common.data_dir import default_data_dir
from hepscope_common.runtime import StartupError
from hepscope_standalone.postgres.lock import DirectoryLock


class ExternalPostgres:
    """Checks that a DSN answers; the data directory still holds the bus id and our lock."""

    name = "database"
    kind = "external"
    drain_seconds = 5.0

    def __init__(self, dsn: str, data_dir: Path | None) -> None:
        self.dsn = dsn
        self.data_dir = data_dir or default_data_dir(os.environ, os.geteuid())
        self.version = ""
        self._lock = DirectoryLock(self.data_dir)

    async def wait_failed(self) -> None:
        """Never return: a server of somebody else may go away and come back."""
        await asyncio.Event().wait()

    async def __aenter__(self) -> Self:
        """Lock the data directory and ask the server for its version."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StartupError(f"cannot make {self.data_dir}: {error.strerror}") from error
        self._lock.__enter__()
        try:
            connection = await asyncpg.connect(self.dsn, timeout=10)
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._lock.__exit__(None, None, None)
            raise StartupError(f"the database of store.dsn does not answer: {error}") from error
        try:
            self.version = str(await connection.fetchval("show server_version"))
        finally:
            await connection.close()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the data directory."""
        self._lock.__exit__(kind, error, trace)
