"""Read-only access to the database, with every failure turned into a problem.

One statement, one connection from the pool, one deadline: the server's statement timeout of
the read-only role is the backstop, the deadline here also covers waiting for a connection and
the several statements of one request. A search that took too long is told from one that waited
for somebody's lock, and from a database that says nothing at all any more.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import asyncpg

from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_query_api.metrics import ApiMetrics, Failure
from hepscope_query_api.problems import Kind, ProblemError

ACQUIRE_SECONDS = 5.0
"""Longer than any usual search: a pool that is busy for so long will not recover in time."""

AWAY = (
    asyncpg.InterfaceError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""Besides what is BUSY to everybody: worth another try, once somebody has set up the server."""

STOPPED = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)
"""The server ended a statement that had its time."""

NO_SCHEMA = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


def _is_away(error: Exception) -> bool:
    # A value that cannot be encoded is also an InterfaceError, but a fault of ours.
    if isinstance(error, ValueError):
        return False
    return isinstance(error, AWAY) or verdict_of(error) is Verdict.BUSY


class Connection(Protocol):
    """What is used of a database session."""

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Return the rows of a statement."""
        ...


class Pool(Protocol):
    """What is used of a pool of sessions; asyncpg's is one."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """Lend a session; raises TimeoutError when none gets free."""
        ...


class Database:
    """The pool of read-only connections, and the time that one request may use.

    ``lives`` tells whether the database answers somebody else; it is asked when a request got
    nothing in its time. Without it the database is believed to.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        timeout_seconds: float,
        metrics: ApiMetrics,
        lives: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._pool = pool
        self._metrics = metrics
        self._lives = lives
        self.timeout_seconds = timeout_seconds

    def session(self) -> "Session":
        """Return a session whose deadline starts now."""
        return Session(self._pool, self.timeout_seconds, self._metrics, self._lives)

    async def answers(self) -> bool:
        """Return whether the simplest of questions is answered in time."""
        try:
            await self.session().rows("select 1")
        except ProblemError:
            return False
        return True


class Session:
    """What one request reads with; all its statements share one deadline."""

    def __init__(
        self,
        pool: Pool,
        timeout_seconds: float,
        metrics: ApiMetrics,
        lives: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._pool = pool
        self._metrics = metrics
        self._lives = lives
        self._timeout_seconds = timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds

    async def rows(self, statement: str, values: Sequence[object] = ()) -> list[asyncpg.Record]:
        """Return all rows of a statement; raises ProblemError, whatever the database does."""
        if self._deadline - time.monotonic() <= 0:
            raise self._failed(Failure.TIMEOUT)
        try:
            try:
                return await self._fetch(statement, values)
            except (TimeoutError, *STOPPED, *NO_SCHEMA):
                raise
            except Exception as error:
                # The server may have ended the session while nobody used it, as when it was
                # restarted. The pool connects anew, and to read once more harms nobody.
                if not _is_away(error):
                    raise
            return await self._fetch(statement, values)
        except TimeoutError as error:
            slow = self._deadline - time.monotonic() <= 0.001
            away = self._lives is not None and not await self._lives()
            failure = Failure.AWAY if away else Failure.TIMEOUT if slow else Failure.BUSY
            raise self._failed(failure) from error
        except asyncpg.LockNotAvailableError as error:
            raise self._failed(Failure.LOCKED) from error
        except asyncpg.QueryCanceledError as error:
            raise self._failed(Failure.TIMEOUT) from error
        except NO_SCHEMA as error:
            raise self._failed(Failure.NO_SCHEMA) from error
        except Exception as error:
            if not _is_away(error):
                raise
            raise self._failed(Failure.AWAY) from error

    async def _fetch(self, statement: str, values: Sequence[object]) -> list[asyncpg.Record]:
        left = max(self._deadline - time.monotonic(), 0.001)
        async with self._pool.acquire(timeout=min(left, ACQUIRE_SECONDS)) as connection:
            left = max(self._deadline - time.monotonic(), 0.001)
            async with asyncio.timeout(left):
                return await connection.fetch(statement, *values)

    async def row(self, statement: str, values: Sequence[object] = ()) -> asyncpg.Record | None:
        """Return the first row of a statement, None when there is none."""
        found = await self.rows(statement, values)
        return found[0] if found else None

    def _failed(self, failure: Failure) -> ProblemError:
        self._metrics.database_failures.add((failure,))
        seconds = self._timeout_seconds
        match failure:
            case Failure.TIMEOUT:
                detail = (
                    f"The search was stopped after {seconds:g} s. Shorten the time range (start, "
                    "end), or give a Call-ID, a party or an address, which are indexed."
                )
                return ProblemError(Kind.QUERY_TIMEOUT, detail, timeout_s=seconds)
            case Failure.BUSY:
                detail = "All database connections are busy with other searches. Try again soon."
            case Failure.LOCKED:
                detail = (
                    "Somebody changes a table that this reads, as an upgrade does, and it was "
                    "waited for in vain. Nothing is lost; try again soon."
                )
                return ProblemError(Kind.DATABASE_LOCKED, detail)
            case Failure.NO_SCHEMA:
                detail = "The database lacks tables of this release. Run: hepscope migrate"
            case Failure.AWAY:
                detail = "The database does not answer. Nothing is lost; try again soon."
        return ProblemError(Kind.DATABASE_UNAVAILABLE, detail)
