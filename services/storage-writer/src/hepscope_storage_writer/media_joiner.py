"""Media joiner: joins what came in the other order, and tells calls the worst of their reports.

It works off the queue that storing transactions fill (``media_queue``).
"""

from collections.abc import Callable, Sequence
from typing import Final

import asyncpg

from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor
from hepscope_common.store import media_minutes
from hepscope_common.store.media_minutes import MinuteKey, MinuteSums
from hepscope_common.store.partitions import LeafCache
from hepscope_common.store.transaction import transaction
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer import media_queue
from hepscope_storage_writer.media_join import join
from hepscope_storage_writer.media_joiner_metrics import JoinerCounts
from hepscope_storage_writer.media_plan import count
from hepscope_storage_writer.media_queue import Left
from hepscope_storage_writer.media_row import MediaRow
from hepscope_storage_writer.media_unjoined import Place, changed, read_left, update
from hepscope_storage_writer.media_worst import write_worst
from hepscope_storage_writer.queue_worker import QueueWorker
from hepscope_storage_writer.settings import WriterSettings

LEASE: Final = 0x48455053_4A4F494E  # "HEPSJOIN"; one number per database
TAKE_ROWS: Final = 50
"""Rows of the queue taken at a time; one may name some thousand addresses."""

PIECE: Final = 2000
"""Reports joined in one transaction."""

_log = get_logger("writer.media")


class MediaJoiner(QueueWorker):
    """The component; ``counts`` says what it did and what waits."""

    name = "media-joiner"
    lease = LEASE

    def __init__(
        self,
        dsn: str,
        settings: WriterSettings,
        supervisor: Supervisor,
        *,
        backlog_bytes: Callable[[], int] = lambda: 0,
        now_us: Clock = wall_clock_us,
    ) -> None:
        self.counts = JoinerCounts()
        super().__init__(
            dsn,
            settings,
            supervisor,
            self.counts,
            _log,
            staging=media_minutes.CREATE_STAGING,
            backlog_bytes=backlog_bytes,
        )
        self._now_us = now_us
        self._leaves = LeafCache()
        self._take = TAKE_ROWS
        self._failed_once = 0

    async def _oldest_seconds(self, connection: asyncpg.Connection) -> float:
        return await media_queue.oldest_seconds(connection)

    async def _work(self, connection: asyncpg.Connection) -> bool:
        ids, left, has_more = await media_queue.take(connection, self._take)
        if ids:
            try:
                await media_queue.add_offers(connection, left)
                await self._join_left(connection, left)
                async with transaction(connection):
                    self.counts.calls += await write_worst(connection, left.worst)
                    await media_queue.delete(connection, ids)
                self._take = min(2 * self._take, TAKE_ROWS)
            except Exception as error:
                is_slow = isinstance(error, asyncpg.QueryCanceledError)
                if connection.is_closed() or (verdict_of(error) is Verdict.BUSY and not is_slow):
                    raise
                await self._give_up(connection, ids, error)
                has_more = True
        return has_more

    async def _give_up(
        self, connection: asyncpg.Connection, ids: Sequence[int], error: Exception
    ) -> None:
        """Take fewer rows the next time; a lone one that failed twice must not stop the others."""
        # A leaf that was dropped meanwhile is no fault of the row.
        self._leaves.forget()
        if len(ids) > 1:
            self._take = len(ids) // 2
            return
        if ids[0] != self._failed_once:
            self._failed_once = ids[0]
            return
        self.counts.failed += 1
        self._throttle.warning("failed", "row %d cannot be joined: %r", ids[0], error)
        await media_queue.delete(connection, ids)

    async def _join_left(self, connection: asyncpg.Connection, left: Left) -> None:
        """Join what is left, a piece in each transaction: what is joined is left no more."""
        after: Place | None = None
        while True:
            rows = await read_left(connection, left, after, PIECE)
            if rows:
                after = Place.of(rows[-1][0])
                await self._join(connection, rows)
            if len(rows) < PIECE:
                return

    async def _join(
        self, connection: asyncpg.Connection, rows: Sequence[tuple[MediaRow, MediaRow]]
    ) -> None:
        """Join rows, given as they were and to be changed; nobody else changes them."""
        await join(connection, [new for _, new in rows])
        sums, worst = MinuteSums(), Left()
        changes = [(old, new) for old, new in rows if changed(old, new)]
        for old, new in changes:
            count(sums, old, -1)
            count(sums, new)
        for _, new in rows:
            if new.call_id:
                worst.add_worst(new)
        additions = await self._with_leaves(connection, sums)
        async with transaction(connection):
            await update(connection, changes)
            self.counts.calls += await write_worst(connection, worst.worst)
            await media_minutes.add(connection, additions)
        self.counts.looked += len(rows)
        self.counts.joined += sum(new.call_id != old.call_id for old, new in changes)
        self.counts.rated += len(changes)

    async def _with_leaves(
        self, connection: asyncpg.Connection, sums: MinuteSums
    ) -> dict[MinuteKey, list[int]]:
        """Return the changes of minutes that are kept; makes the leaves that are missing."""
        kept: dict[MinuteKey, list[int]] = {}
        for key, changes in sums.changes().items():
            leaf = await self._leaves.ensure(
                connection, media_minutes.ROOT, key.minute_us, now_us=self._now_us()
            )
            if leaf.name is not None:
                kept[key] = changes
        return kept
