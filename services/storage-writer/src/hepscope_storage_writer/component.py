"""The storage writer: reads the bus as group "writer" and stores everything it holds.

One consumer deals records to a few workers, each of which owns the partitions whose number
leaves the same remainder; so all topics of a partition, and thereby all packets of a call, meet
in one worker.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from hepscope_common.bus.protocol import Bus
from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.store import media_minutes
from hepscope_common.store.connection import WRITER_NAME
from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer.assignments import Assignments
from hepscope_storage_writer.call_table import CALLS
from hepscope_storage_writer.dead_letters import Outbox
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.housekeeping import Housekeeping
from hepscope_storage_writer.intake import Intake
from hepscope_storage_writer.metrics import Samples, WriterMetrics
from hepscope_storage_writer.nodes import PendingNodes
from hepscope_storage_writer.parties import Parties
from hepscope_storage_writer.registration_table import REGISTRATIONS
from hepscope_storage_writer.session import Session
from hepscope_storage_writer.settings import WriterSettings
from hepscope_storage_writer.surroundings import Surroundings
from hepscope_storage_writer.times import HOUR_US
from hepscope_storage_writer.transaction import Shared, Storing
from hepscope_storage_writer.worker import Worker

GROUP: Final = "writer"

_log = get_logger("writer")


class StorageWriter:
    """The component; its metrics read it once it is entered."""

    name = "storage-writer"

    def __init__(
        self,
        settings: WriterSettings,
        *,
        bus: Bus,
        dsn: str,
        metrics: WriterMetrics,
        supervisor: Supervisor,
        now_us: Clock = wall_clock_us,
    ) -> None:
        self.drain_seconds = settings.drain_seconds
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self._settings = settings
        self._supervisor = supervisor
        self._metrics = metrics
        # A take-over that a crash could take back would make us strangers to our own epoch.
        self._side = Session(
            dsn, name=f"{WRITER_NAME} side", setup=("set synchronous_commit = on",)
        )
        shared = Shared(
            side=self._side,
            leaves=LeafCache(),
            parties=Parties(settings.party_cache),
            expiry=Expiry(),
            now_us=now_us,
            silence_us=int(settings.silence_hours * HOUR_US),
        )
        self._workers: list[Worker] = []
        self._assignments = Assignments(
            bus, shared, settings, self._workers, group=GROUP, owner=self.owner
        )
        self._intake = Intake(self._assignments, self._workers, bound_bytes=settings.buffer_bytes)
        nodes = PendingNodes()
        around = Surroundings(
            settings=settings,
            shared=shared,
            outbox=Outbox(bus.producer(), per_minute=settings.dead_letters_per_minute),
            metrics=metrics,
            nodes=nodes,
            bus_id=bus.bus_id,
            committed=self._assignments.committed,
            settled=self._assignments.settled,
        )
        self._workers += [
            Worker(
                number,
                _storing(dsn, number, shared, settings, bus.bus_id),
                around,
                self._intake.made_room,
            )
            for number in range(settings.connections)
        ]
        self._housekeeping = Housekeeping(shared, nodes, metrics, self._workers, settings)
        self._pulling: asyncio.Task[None] | None = None
        self._working: list[asyncio.Task[None]] = []
        self._keeping: asyncio.Task[None] | None = None

    def readiness(self) -> tuple[bool, str]:
        """Return whether what is accepted gets stored at present, and why not."""
        if self._assignments.trouble:
            return False, self._assignments.trouble
        for worker in self._workers:
            if worker.trouble:
                return False, worker.trouble
        if self.stopped_partitions:
            return False, f"another writer owns {self.stopped_partitions} of our partitions"
        return True, "storing"

    @property
    def backlog_bytes(self) -> int:
        """Bytes of records taken from the bus and not yet committed."""
        return sum(worker.backlog_bytes for worker in self._workers)

    @property
    def lag_records(self) -> int:
        """Records on the bus that were not yet taken."""
        return sum(self._assignments.consumer.lag().values())

    @property
    def stopped_partitions(self) -> int:
        """Assigned partitions that another writer has taken over."""
        return sum(len(worker.ownership.stopped) for worker in self._workers)

    @property
    def cached_origins(self) -> int:
        """Origins whose highest number is remembered."""
        return sum(len(worker.ownership.origins) for worker in self._workers)

    @property
    def given_up_records(self) -> int:
        """Records given up by accepted gaps, ever, of the partitions owned."""
        return self._assignments.given_up_records

    @property
    def cached_calls(self) -> int:
        """Calls whose row is remembered."""
        return sum(worker.cached_calls for worker in self._workers)

    def batch_ages(self) -> Samples:
        """Age of each connection's batch at work in seconds."""
        return [((str(worker.number),), worker.batch_age_seconds) for worker in self._workers]

    async def __aenter__(self) -> Self:
        """Join the group and start the workers; what is wrong with the database comes later."""
        self._metrics.watch(self)
        await self._assignments.consumer.__aenter__()
        start = self._supervisor.start
        self._assignments.trouble = "partitions not yet taken over"
        self._pulling = start(self._intake.run(), name="writer: pull")
        self._working = [
            start(worker.run(), name=f"writer: connection {worker.number}")
            for worker in self._workers
        ]
        self._keeping = start(self._housekeeping.run(), name="writer: housekeeping")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Store everything that is on the bus, then leave the group and the database."""
        try:
            await self._drain()
        finally:
            self._assignments.trouble = "ended"
            async with AsyncExitStack() as stack:
                stack.push_async_callback(self._side.close)
                stack.push_async_exit(self._assignments.consumer)
                for worker in self._workers:
                    stack.push_async_callback(worker.close)
                for task in (self._pulling, *self._working, self._keeping):
                    await cancel(task)

    async def _drain(self) -> None:
        self._intake.drain()
        if not await self._ended([self._pulling]):
            return
        for worker in self._workers:
            worker.drain()
        if await self._ended(self._working):
            self._housekeeping.stop()
            await self._ended([self._keeping])

    async def _ended(self, tasks: Sequence[asyncio.Task[None] | None]) -> bool:
        """Wait for tasks; False when one of ours failed, since others may then wait for ever."""
        while True:
            ours = [
                task for task in (self._pulling, *self._working, self._keeping) if task is not None
            ]
            if any(task.done() and (task.cancelled() or task.exception()) for task in ours):
                _log.error("not drained: a part failed; what is not stored stays on the bus")
                return False
            if all(task is None or task.done() for task in tasks):
                return True
            running = [task for task in ours if not task.done()]
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)


def _storing(
    dsn: str, number: int, shared: Shared, settings: WriterSettings, bus_id: str
) -> Storing:
    session = Session(
        dsn,
        name=f"{WRITER_NAME} {number}",
        setup=(
            f"set synchronous_commit = {settings.synchronous_commit}",
            CALLS.create_staging,
            REGISTRATIONS.create_staging,
            media_minutes.CREATE_STAGING,
        ),
    )
    return Storing(session, shared, bus_id=bus_id, call_cache=settings.call_cache)
