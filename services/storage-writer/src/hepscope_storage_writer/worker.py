"""A worker: takes the records of its bus partitions, gathers batches, has each one stored.

It owns a session and a disjoint set of bus partitions, so workers share no calls and overlap:
while one waits for the database, another decodes.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final

from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.logs import get_logger
from hepscope_common.store.origins import OriginAt
from hepscope_common.store.positions import Position
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.decode import Decoder
from hepscope_storage_writer.inbox import Inbox
from hepscope_storage_writer.keeper import Keeper
from hepscope_storage_writer.ownership import Ownership
from hepscope_storage_writer.surroundings import Surroundings
from hepscope_storage_writer.transaction import Storing

CHECK_SECONDS: Final = 10.0
"""How often positions are compared with the database's; a look at a few rows."""

_log = get_logger("writer")


class Worker:
    """One of the writers of a process; ``taken`` is told when its inbox gets room."""

    def __init__(
        self, number: int, storing: Storing, around: Surroundings, taken: Callable[[], None]
    ) -> None:
        self.number = number
        self.inbox = Inbox()
        self.ownership = Ownership(origin_cache=around.settings.origin_cache)
        self._storing = storing
        self._settings = around.settings
        self._silence_us = around.shared.silence_us
        self._taken = taken
        self._turn = around.turn
        self._decoder = Decoder(
            now_us=around.shared.now_us,
            expiry=around.shared.expiry,
            with_calls=around.settings.calls,
            origins=self.ownership.origins,
        )
        self._keeper = Keeper(storing, self._decoder, self.ownership, around)
        self._batch: Batch | None = None
        self._began = 0.0
        self._settled = asyncio.Event()
        self._draining = False

    @property
    def trouble(self) -> str:
        """What keeps the batch at work from being stored, empty when nothing does."""
        return self._keeper.trouble

    @property
    def backlog_bytes(self) -> int:
        """Bytes of records given and not yet committed."""
        return self.inbox.size_bytes + (self._batch.size_bytes if self._batch else 0)

    @property
    def is_idle(self) -> bool:
        """Whether nothing was given that is not stored."""
        return self._batch is None and not len(self.inbox)

    @property
    def cached_calls(self) -> int:
        """Calls whose row is remembered."""
        return len(self._storing.cache)

    @property
    def batch_age_seconds(self) -> float:
        """How long the batch at work has been so, 0.0 when there is none."""
        if self._batch is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._began

    @property
    def silent_seconds(self) -> float:
        """How long a batch has been at work without any verdict, 0.0 when there is none."""
        if self._batch is None:
            return 0.0
        last = max(self._began, self._keeper.last_verdict)
        return asyncio.get_running_loop().time() - last

    def assign(
        self, positions: Mapping[TopicPartition, Position], origins: Mapping[OriginAt, int]
    ) -> None:
        """Take partitions from where they stand."""
        self.ownership.assign(positions, origins)

    async def revoke(self, partitions: Collection[TopicPartition], timeout_seconds: float) -> None:
        """Give partitions up, once the batch at work is stored or the time is over.

        What is then still unstored the next owner reads again.
        """
        self.inbox.discard(partitions)
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._batch is not None and not self._batch.spans.keys().isdisjoint(
                    partitions
                ):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            _log.warning("connection %d: partitions leave before their batch", self.number)
        self.ownership.release(partitions)
        # What is known of calls is true only as long as nobody else stores them.
        self._storing.cache.clear()
        self._storing.offers.clear()

    def drain(self) -> None:
        """Let ``run`` end once everything in the inbox is stored."""
        self._draining = True
        self.inbox.wake()

    def cut(self) -> None:
        """Cut the session, whatever it is doing; the batch at work is tried again."""
        self._storing.session.cut()

    async def close(self) -> None:
        """Close the session; call it once ``run`` has ended."""
        await self._storing.session.close()

    async def run(self) -> None:
        """Store batches until drained; raises what no repetition can mend."""
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while True:
            if loop.time() - checked >= CHECK_SECONDS and not self._draining:
                await self._keeper.check()
                checked = loop.time()
            if not len(self.inbox):
                if self._draining:
                    return
                await self.inbox.wait(CHECK_SECONDS)
                continue
            self._began = loop.time()
            self._batch = Batch(self._silence_us)
            try:
                await self._gather(self._batch)
                await self._keeper.keep(self._batch)
            finally:
                self._batch = None
                self._settled.set()
                self._taken()

    async def _gather(self, batch: Batch) -> None:
        """Decode what is there, up to the bounds; a small batch waits a little for more."""
        settings = self._settings
        loop = asyncio.get_running_loop()
        deadline = loop.time() + settings.batch_wait_ms / 1000
        while True:
            async with self._turn:
                await self._decode(batch)
            if batch.packets >= settings.batch_packets or batch.size_bytes >= settings.batch_bytes:
                return
            left = deadline - loop.time()
            if batch.packets >= settings.batch_small or left <= 0 or self._draining:
                return
            await self.inbox.wait(left)

    async def _decode(self, batch: Batch) -> None:
        """Add the records that are there to a batch, up to its bounds."""
        settings = self._settings
        while batch.packets < settings.batch_packets and batch.size_bytes < settings.batch_bytes:
            record = self.inbox.take()
            if record is None:
                return
            if self.ownership.expects(batch, record):
                self._decoder.add(batch, record)
            self._taken()
            # A record takes milliseconds; sockets are read in between.
            await asyncio.sleep(0)
