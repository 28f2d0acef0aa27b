"""Maintainer: the one process that makes, keeps and drops partitions.

Every writer process may run one; a session advisory lock decides which of them works, and the
others stand by. It wakes each minute for a round. Whatever ends a round early leaves nothing that
the next one does not find and finish, so no step is ever worth waiting for at shutdown.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

import asyncpg

from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer.maintain_catalogue import apply_settings
from hepscope_storage_writer.maintain_counts import MaintainerCounts
from hepscope_storage_writer.maintain_disk import FreeBytes, free_bytes, is_local
from hepscope_storage_writer.maintain_round import Round
from hepscope_storage_writer.maintain_settings import RetentionSettings

LEASE: Final = 0x48455053_4D41494E  # "HEPSMAIN"; one number per database
ROUND: Final = 0x48455053_524F554E  # "HEPSROUN"
"""Session lock of whoever changes partitions at the moment. The lease is held for as long as its
holder lives; this one during a round, so that an operator's command finds a moment between."""
WARN_EVERY_SECONDS: Final = 600.0

_log = get_logger("writer.maintainer")


class Maintainer:
    """A component that looks after partitions; ``counts`` says what it did and found."""

    name = "maintainer"
    drain_seconds = 10.0

    def __init__(
        self,
        dsn: str,
        settings: RetentionSettings,
        supervisor: Supervisor,
        *,
        clock: Clock = wall_clock_us,
        free: FreeBytes = free_bytes,
    ) -> None:
        self.counts = MaintainerCounts()
        self._dsn = dsn
        self._settings = settings
        self._supervisor = supervisor
        self._clock = clock
        self._free = free
        self._throttle = Throttle(_log, every_seconds=WARN_EVERY_SECONDS)
        self._connection: asyncpg.Connection | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Write the settings where writers read them, then start the rounds.

        A writer that starts next must not judge times by what an earlier run kept. Ready even
        when the server is busy or away: writers make the leaves that they miss themselves.
        """
        await self._attempt(self._has_lease)
        self._task = self._supervisor.start(self._run(), name=self.name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop wherever the round is, and let another process have the lease."""
        await cancel(self._task)
        self._give_up_lease()

    async def wake(self) -> bool:
        """Do one round if the lease is ours or free; return whether it was done.

        A busy or absent server is counted and met again at the next call; what no repetition
        would mend is raised.
        """
        return await self._attempt(self._do_round)

    async def _attempt(self, work: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await work()
        except BaseException as error:
            # What a statement was doing when it was cut short is not known: a new session.
            self._give_up_lease()
            if not isinstance(error, Exception) or verdict_of(error) is not Verdict.BUSY:
                raise
            self.counts.busy_steps += 1
            self._throttle.warning("round", "round given up: %s: %s", type(error).__name__, error)
            return False

    async def _has_lease(self) -> bool:
        return await self._lease() is not None

    async def _do_round(self) -> bool:
        connection = await self._lease()
        if connection is None:
            return False
        if not await connection.fetchval("select pg_try_advisory_lock($1)", ROUND):
            return False
        await self._round(connection).run(await self._as_of(connection))
        await connection.execute(f"select pg_advisory_unlock({ROUND})")
        return True

    async def _run(self) -> None:
        while True:
            await self.wake()
            await asyncio.sleep(self._settings.interval_seconds)

    def _round(self, connection: asyncpg.Connection) -> Round:
        return Round(
            connection=connection,
            settings=self._settings,
            counts=self.counts,
            throttle=self._throttle,
            free=self._free,
            local=is_local(self._dsn),
        )

    async def _lease(self) -> asyncpg.Connection | None:
        """Return the session that holds the lease, None while another process has it."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._give_up_lease()
        connection = await connect(
            self._dsn, Access.MAINTAINER, application_name="hepscope maintainer"
        )
        self._connection = connection
        if not await connection.fetchval("select pg_try_advisory_lock($1)", LEASE):
            self._give_up_lease()
            return None
        await apply_settings(connection, self._settings)
        self.counts.is_leader = True
        return connection

    async def _as_of(self, connection: asyncpg.Connection) -> int:
        """Return the earlier of our clock and the server's: what is dropped too soon is lost."""
        theirs = await connection.fetchval("select hepscope.unix_us(clock_timestamp())")
        return min(self._clock(), int(theirs))

    def _give_up_lease(self) -> None:
        self.counts.is_leader = False
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
