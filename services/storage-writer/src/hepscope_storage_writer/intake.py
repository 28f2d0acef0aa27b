"""Intake: polls the bus and deals its records to the workers, as long as they have room.

What is taken from the bus and not yet stored is bounded in bytes: when the database is slow the
bus fills, and whoever puts records there waits.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from hepscope_common.bus.protocol import OffsetOutOfRange
from hepscope_storage_writer.assignments import Assignments
from hepscope_storage_writer.taking_over import missing_records
from hepscope_storage_writer.worker import Worker

POLL_BYTES: Final = 1024 * 1024
"""Taken from the bus at a time: a dozen records of the usual 64 kB."""

POLL_SECONDS: Final = 0.2
"""How long a poll waits; also how soon a full buffer lets assignments change."""

DRAIN_POLL_SECONDS: Final = 0.02
"""The same at the end, when nothing new comes and only the workers are waited for."""


class Intake:
    """Runs beside the workers of a process; ``bound_bytes`` is what they may have waiting."""

    def __init__(
        self, assignments: Assignments, workers: Sequence[Worker], *, bound_bytes: int
    ) -> None:
        self._assignments = assignments
        self._consumer = assignments.consumer
        self._workers = workers
        self._bound_bytes = bound_bytes
        self._room = asyncio.Event()
        self._draining = False

    def made_room(self) -> None:
        """Look again whether the workers have room."""
        self._room.set()

    def drain(self) -> None:
        """Let ``run`` end once the bus is empty and everything is stored."""
        self._draining = True
        self._room.set()

    async def run(self) -> None:
        """Deal records until drained. Raises StartupError for records that are missing."""
        while True:
            await self._assignments.regain()
            if not self._has_room():
                await self._wait_for_room()
                continue
            seconds = DRAIN_POLL_SECONDS if self._draining else POLL_SECONDS
            try:
                records = await self._consumer.poll(max_bytes=POLL_BYTES, timeout_seconds=seconds)
            except OffsetOutOfRange as error:
                raise missing_records(error) from error
            for number, given in self._assignments.next_of(records).items():
                self._workers[number].inbox.put(given)
            # Workers at work may still ask for records again.
            is_idle = all(worker.is_idle for worker in self._workers)
            if self._draining and is_idle and not records:
                return
            await asyncio.sleep(0)

    def _has_room(self) -> bool:
        return sum(worker.inbox.size_bytes for worker in self._workers) < self._bound_bytes

    async def _wait_for_room(self) -> None:
        """Return when there may be room; assignments still change meanwhile."""
        self._room.clear()
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._room.wait()
        except TimeoutError:
            paused = list(self._consumer.assignment)
            self._consumer.pause(paused)
            await self._consumer.poll(max_bytes=1, timeout_seconds=0)
            self._consumer.resume([at for at in paused if at in self._assignments.followed])
