"""Which bus partitions the bus gives this process, and where each is read.

Listens to the bus: takes partitions over in the database when they come, waits for the batch at
work when they go, and reads on from wherever the database says that they stand.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import asyncpg

from hepscope_common.bus.protocol import Bus, OffsetOutOfRange, Record, TopicPartition
from hepscope_common.bus.topics import TOPICS
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.store import gaps
from hepscope_common.store.frozen import end_frozen
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_storage_writer.ownership import Settlement
from hepscope_storage_writer.settings import WriterSettings
from hepscope_storage_writer.taking_over import TakenOver, missing_records, take_partitions
from hepscope_storage_writer.transaction import Shared
from hepscope_storage_writer.worker import Worker

REVOKE_SECONDS: Final = 10.0
"""How long the next owner of a partition waits for our batch at work."""

_log = get_logger("writer")


class Assignments:
    """The partitions of one process and its place in the group; ``trouble`` says what is wrong.

    ``workers`` may be filled after this is built, before anything is assigned.
    """

    def __init__(
        self,
        bus: Bus,
        shared: Shared,
        settings: WriterSettings,
        workers: Sequence[Worker],
        *,
        group: str,
        owner: str,
    ) -> None:
        self.consumer = bus.consumer(group, TOPICS, self)
        self.trouble = "not started"
        self._bus_id = bus.bus_id
        self._shared = shared
        self._settings = settings
        self._workers = workers
        self._owner = owner
        self._next: dict[TopicPartition, int] = {}
        self._given_up: dict[TopicPartition, int] = {}
        self._lost: dict[TopicPartition, int] = {}
        self._throttle = Throttle(_log)

    @property
    def given_up_records(self) -> int:
        """Records given up by accepted gaps, ever, of the partitions owned."""
        return sum(self._given_up.values())

    @property
    def followed(self) -> frozenset[TopicPartition]:
        """The partitions that are read, all but those that another writer took."""
        return frozenset(self._next)

    def worker(self, where: TopicPartition) -> Worker:
        """Return the worker of a partition: the same one for all topics of its number."""
        return self._workers[where.partition % len(self._workers)]

    # Listener of the bus

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Take partitions over in the database and read on from where they stand."""
        taken = await self._take_over({where: self._start_of(where) for where in partitions})
        for where, position in taken.positions.items():
            self._seek(where, position.next_offset)
        for worker in self._workers:
            worker.assign(
                {at: found for at, found in taken.positions.items() if self.worker(at) is worker},
                {
                    at: seq
                    for at, seq in taken.origins.items()
                    if self.worker(TopicPartition(at.topic, at.partition)) is worker
                },
            )
        self._given_up.update(taken.given_up)
        self.trouble = ""

    async def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Give partitions up once what was taken of them is stored."""
        for where in partitions:
            self._next.pop(where, None)
            self._given_up.pop(where, None)
            self._lost.pop(where, None)
        await asyncio.gather(
            *(worker.revoke(set(partitions), REVOKE_SECONDS) for worker in self._workers)
        )

    # Records

    def next_of(self, records: Iterable[Record]) -> dict[int, list[Record]]:
        """Return the records that follow on, by the number of their worker.

        Any that do not are asked for again.
        """
        found: dict[int, list[Record]] = {}
        for record in records:
            where = TopicPartition(record.topic, record.partition)
            expected = self._next.get(where)
            if expected is None:
                continue
            if record.offset != expected:
                self._seek(where, expected)
                continue
            self._next[where] = expected + 1
            found.setdefault(self.worker(where).number, []).append(record)
        return found

    # What workers tell

    def committed(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell the bus what is done with."""
        self.consumer.commit(positions)

    def settled(self, settlement: Settlement) -> None:
        """Read again, or leave alone, what a stale batch held."""
        for where in settlement.lost:
            self._next.pop(where, None)
            self.worker(where).inbox.discard({where})
        self._lost.update(settlement.lost)
        self.consumer.pause(list(settlement.lost))
        for where, offset in settlement.reread.items():
            self.worker(where).inbox.discard({where})
            if where in self._next:
                self._seek(where, offset)

    async def regain(self) -> None:
        """Take back what we lost to an operator who accepted a gap, not to another writer.

        The epoch tells: two who both believe that a partition is theirs must not take it from
        each other for ever.
        """
        if not self._lost:
            return
        try:
            async with asyncio.timeout(self._settings.batch_timeout_seconds):
                async with self._shared.side.hold() as side:
                    moved = await gaps.moved_by_gaps(side, self._bus_id)
        except Exception as error:
            if verdict_of(error) is not Verdict.BUSY:
                raise
            self._throttle.warning("regain", "who took partitions is not known yet: %s", error)
            return
        lost, self._lost = self._lost, {}
        back = sorted(where for where, epoch in lost.items() if moved.get(where) == epoch)
        if back:
            await self.on_assigned(back)
            self.consumer.resume(back)
            _log.warning("a gap was accepted: %d partitions go on past it", len(back))

    # Positions

    def _start_of(self, where: TopicPartition) -> int:
        """Return where a log begins, for a partition that nobody has stored anything of."""
        try:
            self.consumer.seek(where.topic, where.partition, 0)
        except OffsetOutOfRange as error:
            return error.start
        return 0

    async def _take_over(self, starts: Mapping[TopicPartition, int]) -> TakenOver:
        pause = self._settings.retry_min_ms / 1000
        is_held = False
        while True:
            try:
                async with asyncio.timeout(self._settings.batch_timeout_seconds):
                    async with self._shared.side.hold() as side:
                        if is_held and (ended := await end_frozen(side)):
                            _log.warning("%d sessions of frozen writers ended", ended)
                        await self._shared.expiry.read(side)
                        return await take_partitions(
                            side,
                            self._bus_id,
                            starts,
                            self._owner,
                            origin_limit=self._settings.origin_cache * len(self._workers),
                        )
            except Exception as error:
                if verdict_of(error) is not Verdict.BUSY:
                    raise
                is_held = isinstance(error, asyncpg.LockNotAvailableError | TimeoutError)
                self.trouble = f"database: {type(error).__name__}: {error}"
                self._throttle.warning("take over", "%s; trying again", self.trouble)
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._settings.retry_max_ms / 1000)

    def _seek(self, where: TopicPartition, offset: int) -> None:
        try:
            self.consumer.seek(where.topic, where.partition, offset)
        except OffsetOutOfRange as error:
            raise missing_records(error) from error
        self._next[where] = offset
