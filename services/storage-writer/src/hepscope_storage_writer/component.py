"""The storage writer: reads the bus as group "writer" and stores everything it holds.

One consumer deals records to a few workers, each of which owns the partitions whose number
leaves the same remainder; so all topics of a partition, and thereby all packets of a call, meet
in one worker. What is taken from the bus and not yet stored is bounded in bytes: when the
database is slow the bus fills, and whoever puts records there waits.
"""

import asyncio
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from hepscope_common.bus.protocol import (
    Bus,
    Consumer,
    OffsetOutOfRange,
    Record,
    TopicPartition,
)
from hepscope_common.bus.topics import TOPICS
from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.store.partitions import LeafCache
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer.call_table import CALLS
from hepscope_storage_writer.dead_letters import Outbox
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.housekeeping import Housekeeping
from hepscope_storage_writer.keeper import Surroundings
from hepscope_storage_writer.metrics import Samples, WriterMetrics
from hepscope_storage_writer.nodes import PendingNodes
from hepscope_storage_writer.ownership import Settlement
from hepscope_storage_writer.parties import Parties
from hepscope_storage_writer.registration_table import REGISTRATIONS
from hepscope_storage_writer.session import Session
from hepscope_storage_writer.settings import WriterSettings
from hepscope_storage_writer.taking_over import TakenOver, missing_records, take_partitions
from hepscope_storage_writer.times import HOUR_US
from hepscope_storage_writer.transaction import Shared, Storing
from hepscope_storage_writer.worker import Worker

GROUP: Final = "writer"

POLL_BYTES: Final = 1024 * 1024
"""Taken from the bus at a time: a dozen records of the usual 64 kB."""

POLL_SECONDS: Final = 0.2
"""How long a poll waits; also how soon a full buffer lets assignments change."""

DRAIN_POLL_SECONDS: Final = 0.02
"""The same at the end, when nothing new comes and only the workers are waited for."""

REVOKE_SECONDS: Final = 10.0
"""How long the next owner of a partition waits for our batch at work."""

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
        self._bus = bus
        self._supervisor = supervisor
        self._metrics = metrics
        # A take-over that a crash could take back would make us strangers to our own epoch.
        self._side = Session(
            dsn, name="hepscope writer side", setup=("set synchronous_commit = on",)
        )
        self._shared = Shared(
            side=self._side,
            leaves=LeafCache(),
            parties=Parties(settings.party_cache),
            expiry=Expiry(),
            now_us=now_us,
            silence_us=int(settings.silence_hours * HOUR_US),
        )
        nodes = PendingNodes()
        around = Surroundings(
            settings=settings,
            shared=self._shared,
            outbox=Outbox(bus.producer(), per_minute=settings.dead_letters_per_minute),
            metrics=metrics,
            nodes=nodes,
            bus_id=bus.bus_id,
            committed=self._committed,
            settled=self._settled,
        )
        self._workers = [
            Worker(number, self._storing(dsn, number), around, self._taken)
            for number in range(settings.connections)
        ]
        self._housekeeping = Housekeeping(self._shared, nodes, metrics, self._workers, settings)
        self._consumer: Consumer = bus.consumer(GROUP, TOPICS, self)
        self._next: dict[TopicPartition, int] = {}
        self._given_up: dict[TopicPartition, int] = {}
        self._room = asyncio.Event()
        self._trouble = "not started"
        self._draining = False
        self._throttle = Throttle(_log)
        self._pulling: asyncio.Task[None] | None = None
        self._working: list[asyncio.Task[None]] = []
        self._keeping: asyncio.Task[None] | None = None

    def readiness(self) -> tuple[bool, str]:
        """Return whether what is accepted gets stored at present, and why not."""
        if self._trouble:
            return False, self._trouble
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
        return sum(self._consumer.lag().values())

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
        return sum(self._given_up.values())

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
        await self._consumer.__aenter__()
        start = self._supervisor.start
        self._trouble = "partitions not yet taken over"
        self._pulling = start(self._pull(), name="writer: pull")
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
            self._trouble = "ended"
            async with AsyncExitStack() as stack:
                stack.push_async_callback(self._side.close)
                stack.push_async_exit(self._consumer)
                for worker in self._workers:
                    stack.push_async_callback(worker.close)
                for task in (self._pulling, *self._working, self._keeping):
                    await cancel(task)

    async def _drain(self) -> None:
        self._draining = True
        self._room.set()
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

    # Listener of the bus

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Take partitions over in the database and read on from where they stand."""
        taken = await self._take_over({where: self._start_of(where) for where in partitions})
        for where, position in taken.positions.items():
            self._seek(where, position.next_offset)
        for worker in self._workers:
            worker.assign(
                {at: found for at, found in taken.positions.items() if self._worker(at) is worker},
                {
                    at: seq
                    for at, seq in taken.origins.items()
                    if self._worker(TopicPartition(at.topic, at.partition)) is worker
                },
            )
        self._given_up.update(taken.given_up)
        self._trouble = ""

    async def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Give partitions up once what was taken of them is stored."""
        for where in partitions:
            self._next.pop(where, None)
            self._given_up.pop(where, None)
        await asyncio.gather(
            *(worker.revoke(set(partitions), REVOKE_SECONDS) for worker in self._workers)
        )

    def _start_of(self, where: TopicPartition) -> int:
        """Return where a log begins, for a partition that nobody has stored anything of."""
        try:
            self._consumer.seek(where.topic, where.partition, 0)
        except OffsetOutOfRange as error:
            return error.start
        return 0

    async def _take_over(self, starts: Mapping[TopicPartition, int]) -> TakenOver:
        pause = self._settings.retry_min_ms / 1000
        while True:
            try:
                async with asyncio.timeout(self._settings.batch_timeout_seconds):
                    async with self._side.hold() as side:
                        await self._shared.expiry.read(side)
                        return await take_partitions(
                            side,
                            self._bus.bus_id,
                            starts,
                            self.owner,
                            origin_limit=self._settings.origin_cache * len(self._workers),
                        )
            except Exception as error:
                if verdict_of(error) is not Verdict.BUSY:
                    raise
                self._trouble = f"database: {type(error).__name__}: {error}"
                self._throttle.warning("take over", "%s; trying again", self._trouble)
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._settings.retry_max_ms / 1000)

    def _seek(self, where: TopicPartition, offset: int) -> None:
        try:
            self._consumer.seek(where.topic, where.partition, offset)
        except OffsetOutOfRange as error:
            raise missing_records(error) from error
        self._next[where] = offset

    # Records

    async def _pull(self) -> None:
        while True:
            if not self._has_room():
                await self._wait_for_room()
                continue
            seconds = DRAIN_POLL_SECONDS if self._draining else POLL_SECONDS
            try:
                records = await self._consumer.poll(max_bytes=POLL_BYTES, timeout_seconds=seconds)
            except OffsetOutOfRange as error:
                raise missing_records(error) from error
            self._deal(records)
            # Workers at work may still ask for records again.
            is_idle = all(worker.is_idle for worker in self._workers)
            if self._draining and is_idle and not records:
                return
            await asyncio.sleep(0)

    def _has_room(self) -> bool:
        waiting = sum(worker.inbox.size_bytes for worker in self._workers)
        return waiting < self._settings.buffer_bytes

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
            self._consumer.resume([where for where in paused if where in self._next])

    def _deal(self, records: Iterable[Record]) -> None:
        """Give records to their workers; any that do not follow on are asked for again."""
        dealt: dict[int, list[Record]] = {}
        for record in records:
            where = TopicPartition(record.topic, record.partition)
            expected = self._next.get(where)
            if expected is None:
                continue
            if record.offset != expected:
                self._seek(where, expected)
                continue
            self._next[where] = expected + 1
            dealt.setdefault(record.partition % len(self._workers), []).append(record)
        for number, given in dealt.items():
            self._workers[number].inbox.put(given)

    def _worker(self, where: TopicPartition) -> Worker:
        return self._workers[where.partition % len(self._workers)]

    # What workers tell

    def _taken(self) -> None:
        self._room.set()

    def _committed(self, positions: Mapping[TopicPartition, int]) -> None:
        self._consumer.commit(positions)

    def _settled(self, settlement: Settlement) -> None:
        for where in settlement.lost:
            self._next.pop(where, None)
            self._worker(where).inbox.discard({where})
        self._consumer.pause(settlement.lost)
        for where, offset in settlement.reread.items():
            self._worker(where).inbox.discard({where})
            if where in self._next:
                self._seek(where, offset)

    def _storing(self, dsn: str, number: int) -> Storing:
        commit = self._settings.synchronous_commit
        session = Session(
            dsn,
            name=f"hepscope writer {number}",
            setup=(
                f"set synchronous_commit = {commit}",
                CALLS.create_staging,
                REGISTRATIONS.create_staging,
            ),
        )
        return Storing(
            session,
            self._shared,
            bus_id=self._bus.bus_id,
            call_cache=self._settings.call_cache,
        )
