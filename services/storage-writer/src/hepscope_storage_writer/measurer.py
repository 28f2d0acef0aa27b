"""Measurer: attempts of what was stored, a few seconds after it fell quiet.

It works off the queue that storing transactions fill (``measure_queue``), and looks again at what
was open when its time has come (``due_at``).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import asyncpg

from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor
from hepscope_common.store import attempts, kpi_minutes
from hepscope_common.store.partitions import LeafCache
from hepscope_common.store.transaction import transaction
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer import measure_open, measure_queue
from hepscope_storage_writer.measure_calls import measure_calls
from hepscope_storage_writer.measure_messages import TooMuchError
from hepscope_storage_writer.measure_metrics import MeasurerCounts
from hepscope_storage_writer.measure_pending import Pending
from hepscope_storage_writer.measure_queue import (
    Touched,
    TouchedCall,
    TouchedRegistration,
)
from hepscope_storage_writer.measure_registrations import measure_registrations
from hepscope_storage_writer.queue_worker import QueueWorker
from hepscope_storage_writer.settings import WriterSettings

PIECE: Final = 250
"""Calls measured in one transaction."""

_TOO_MUCH: Final = (TooMuchError, asyncpg.QueryCanceledError)
"""What fewer calls at a time may mend: too many messages, or a statement that takes too long."""

_log = get_logger("writer.measurer")


class Measurer(QueueWorker):
    """The component; ``counts`` says what it did, ``pending`` what waits."""

    name = "measurer"
    lease = attempts.LEASE

    def __init__(
        self,
        dsn: str,
        settings: WriterSettings,
        supervisor: Supervisor,
        *,
        backlog_bytes: Callable[[], int] = lambda: 0,
        now_us: Clock = wall_clock_us,
    ) -> None:
        self.counts = MeasurerCounts()
        super().__init__(
            dsn,
            settings,
            supervisor,
            self.counts,
            _log,
            staging=kpi_minutes.CREATE_STAGING,
            backlog_bytes=backlog_bytes,
        )
        self._now_us = now_us
        self._leaves = LeafCache()
        self.pending = Pending(
            quiet_seconds=settings.measure_quiet_seconds,
            longest_seconds=settings.measure_longest_seconds,
        )

    def _forget(self) -> None:
        """Start anew from the queue, as another process would."""
        super()._forget()
        self.pending.clear()
        self.counts.pending = 0
        self._leaves.forget()

    async def _oldest_seconds(self, connection: asyncpg.Connection) -> float:
        return await measure_queue.oldest_seconds(connection)

    async def _work(self, connection: asyncpg.Connection) -> bool:
        loop = asyncio.get_running_loop()
        await self._take(connection, loop.time())
        due = self.pending.due(loop.time(), PIECE)
        if due:
            spans = {
                one: self.pending.span_of(one)
                for one in due
                if isinstance(one, TouchedRegistration)
            }
            await self._measure(connection, due, spans, is_queued=True)
        again = await self._look_again(connection)
        self.counts.pending = len(self.pending)
        return len(due) == PIECE or again

    async def _take(self, connection: asyncpg.Connection, now: float) -> None:
        """Take rows of the queue, as long as there is room for what they name."""
        room = self._settings.measure_pending_calls - len(self.pending)
        if room <= 0:
            return
        rows = await measure_queue.take(connection, known=self.pending.rows, room=room)
        empty = [row.id for row in rows if not self.pending.add(row, now)]
        if empty:
            await measure_queue.delete(connection, empty)

    async def _look_again(self, connection: asyncpg.Connection) -> bool:
        """Measure again what was open; returns whether there may be more of it."""
        now_us = self._now_us()
        found = await measure_open.read(connection, now_us, PIECE)
        if found.touched:
            await self._measure(connection, found.touched, found.spans, is_queued=False)
            await measure_open.give_up(connection, now_us, found.call_ids)
        return not found.is_all

    async def _measure(
        self,
        connection: asyncpg.Connection,
        due: Sequence[Touched],
        spans: Mapping[TouchedRegistration, tuple[int, int]],
        *,
        is_queued: bool,
        is_again: bool = False,
    ) -> None:
        """Measure calls and registrations (with their spans), in halves if not all at once.

        With ``is_queued`` they are pending, and done by this. What fails alone is given up.
        """
        finished = self.pending.finished_by(due) if is_queued else []
        try:
            await self._replace(connection, due, spans, finished)
        except Exception as error:
            if connection.is_closed() or not _is_of_some(error):
                raise
            if not is_again and not isinstance(error, _TOO_MUCH):
                # A leaf may have been dropped meanwhile.
                self._leaves.forget()
                parts = [due]
            elif len(due) > 1:
                parts = [due[: len(due) // 2], due[len(due) // 2 :]]
            else:
                parts = []
            for part in parts:
                await self._measure(connection, part, spans, is_queued=is_queued, is_again=True)
            if parts:
                return
            self.counts.failed += 1
            self._throttle.warning("failed", "%r cannot be measured: %r", due[0], error)
            if finished:
                await measure_queue.delete(connection, finished)
        if is_queued:
            self.pending.done(due)

    async def _replace(
        self,
        connection: asyncpg.Connection,
        touched: Sequence[Touched],
        spans: Mapping[TouchedRegistration, tuple[int, int]],
        finished: Sequence[int],
    ) -> None:
        now_us = self._now_us()
        calls = [one for one in touched if isinstance(one, TouchedCall)]
        registrations = {one: spans[one] for one in touched if isinstance(one, TouchedRegistration)}
        found = await measure_calls(connection, calls, now_us, self.counts)
        found |= await measure_registrations(connection, registrations, now_us, self.counts)
        # Nobody else changes them while the lease is ours.
        stored = await attempts.read(connection, list(found)) if found else {}
        there = [attempt for of_span in stored.values() for attempt, _ in of_span]
        there += [attempt for measurement in found.values() for attempt in measurement.attempts]
        await attempts.ensure_leaves(connection, there, self._leaves, now_us=now_us)
        async with transaction(connection):
            replaced = await attempts.replace(connection, found, stored, self._leaves)
            if finished:
                await measure_queue.delete(connection, finished)
        self.counts.measured += len(found)
        self.counts.changed += replaced.spans
        self.counts.written += replaced.written
        self.counts.expired += replaced.expired


def _is_of_some(error: Exception) -> bool:
    """Tell whether some calls may be the cause: too many, refused data, or our own code tripped."""
    if isinstance(error, _TOO_MUCH):
        return True
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return verdict_of(error) is Verdict.POISON
    return verdict_of(error) is not Verdict.BUSY
