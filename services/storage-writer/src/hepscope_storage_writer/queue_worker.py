"""Queue worker: what works off a queue of the database, one process at a time, behind storing.

Every writer process may run one of each kind; a session advisory lock, the lease, decides which of
them works. It yields to storing: while more than a batch waits to be stored by this process, it
waits, and what is left stands in the database.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from logging import Logger
from types import TracebackType
from typing import ClassVar, Protocol, Self

import asyncpg

from hepscope_common.logs import Throttle
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer.session import Session
from hepscope_storage_writer.settings import WriterSettings


class RoundCounts(Protocol):
    """What every kind counts of its rounds."""

    busy: int
    is_leader: bool
    behind_seconds: float


class QueueWorker(ABC):
    """A component; its kind says what a piece of work is, and what waits."""

    name: ClassVar[str]
    lease: ClassVar[int]
    """Key of the advisory lock; one number per kind and database."""
    drain_seconds = 10.0

    def __init__(
        self,
        dsn: str,
        settings: WriterSettings,
        supervisor: Supervisor,
        counts: RoundCounts,
        log: Logger,
        *,
        staging: str,
        backlog_bytes: Callable[[], int],
    ) -> None:
        """``staging`` makes the temporary tables that the kind works with."""
        self._settings = settings
        self._supervisor = supervisor
        self._rounds = counts
        self._backlog_bytes = backlog_bytes
        self._session = Session(
            dsn,
            name=f"hepscope {self.name}",
            # Generic plans cannot skip partitions.
            setup=("set plan_cache_mode = force_custom_plan", "set jit = off", staging),
        )
        self._lease_of: asyncpg.Connection | None = None
        self._throttle = Throttle(log)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start; what is wrong with the database is met later."""
        self._task = self._supervisor.start(self._run(), name=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop wherever it is: the queue keeps what was not done."""
        await cancel(self._task)
        self.close()

    def close(self) -> None:
        """End the session, and with it the lease."""
        self._session.cut()

    async def wake(self) -> bool:
        """Do one piece of what is due; return whether more is due at once.

        While the writer is behind, or another process has the lease, it only tells for how long
        what is left waits. A busy or absent database is counted and met again at the next call;
        what no repetition would mend is raised.
        """
        try:
            async with self._session.hold() as connection:
                is_behind = self._backlog_bytes() > self._settings.batch_bytes
                is_ours = await self._has_lease(connection)
                has_more = is_ours and not is_behind and await self._work(connection)
                self._rounds.behind_seconds = await self._oldest_seconds(connection)
                return has_more
        except Exception as error:
            self._forget()
            if verdict_of(error) is not Verdict.BUSY:
                raise
            self._rounds.busy += 1
            name = type(error).__name__
            self._throttle.warning("busy", "%s waits: %s: %s", self.name, name, error)
            return False

    @abstractmethod
    async def _work(self, connection: asyncpg.Connection) -> bool:
        """Do one piece; return whether more is due at once."""

    @abstractmethod
    async def _oldest_seconds(self, connection: asyncpg.Connection) -> float:
        """Return the age of the oldest transaction of which something is not yet done."""

    def _forget(self) -> None:
        """Begin anew, as another process would: the lease is not ours."""
        self._lease_of = None
        self._rounds.is_leader = False

    async def _has_lease(self, connection: asyncpg.Connection) -> bool:
        if connection is not self._lease_of:
            self._forget()
            if await connection.fetchval("select pg_try_advisory_lock($1)", self.lease):
                self._lease_of = connection
        self._rounds.is_leader = connection is self._lease_of
        return self._rounds.is_leader

    async def _run(self) -> None:
        while True:
            has_more = await self.wake()
            await asyncio.sleep(0 if has_more else self._settings.measure_interval_seconds)
