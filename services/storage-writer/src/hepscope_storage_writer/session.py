"""A database session that is opened when needed and given up when it fails.

Temporary tables and prepared statements live in a session, so it is kept as long as it works;
after a failure that is not the data's fault nothing about it can be trusted any more.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from hepscope_common.store.connection import Access, connect
from hepscope_common.store.transaction import SESSION_LOST
from hepscope_common.store.verdicts import Verdict, is_missing_leaf, verdict_of

CLOSE_SECONDS = 5.0
"""How long a session may take to say goodbye before it is cut."""


class Session:
    """One session, used by one task at a time; ``setup`` are its first statements."""

    def __init__(self, dsn: str, *, name: str, setup: Sequence[str] = ()) -> None:
        self.name = name
        self._dsn = dsn
        self._setup = tuple(setup)
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend the session, opened if it is not; it is cut when the body fails or is cancelled.

        Raises what connecting raises: OSError, TimeoutError, asyncpg errors.
        """
        async with self._lock:
            connection = self._connection
            if connection is None or connection.is_closed():
                connection = await self._open()
            try:
                yield connection
            except BaseException as error:
                if not _leaves_session_usable(error):
                    self.cut()
                raise

    def cut(self) -> None:
        """End the session at once, whatever it is doing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        """End the session in good order."""
        connection, self._connection = self._connection, None
        if connection is None or connection.is_closed():
            return
        try:
            await connection.close(timeout=CLOSE_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()

    async def _open(self) -> asyncpg.Connection:
        connection = await connect(self._dsn, Access.WRITER, application_name=self.name)
        try:
            for statement in self._setup:
                await connection.execute(statement)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        return connection


def _leaves_session_usable(error: BaseException) -> bool:
    """Whether only the transaction failed; cancellation may have cut a protocol exchange."""
    if isinstance(error, asyncpg.PostgresError):
        return is_missing_leaf(error) or verdict_of(error) is Verdict.POISON
    return isinstance(error, Exception) and not isinstance(error, SESSION_LOST)
