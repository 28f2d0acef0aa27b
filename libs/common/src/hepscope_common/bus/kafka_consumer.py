"""A member of a consumer group on Kafka.

The library joins, fetches and keeps the membership alive in the background; everything that the
reader is to know happens in its own ``poll``: partitions come and go there, with the listener's
errors raised to the reader, and only what ``poll`` gave moves the position. An error that the
library cannot mend makes ``poll`` give everything up and join anew with a new client.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from aiokafka.errors import KafkaError

from hepscope_common.bus.kafka_bounds import Bounds
from hepscope_common.bus.kafka_commits import Commits
from hepscope_common.bus.kafka_fetching import Fetching
from hepscope_common.bus.kafka_holding import Holding
from hepscope_common.bus.kafka_joining import Joining
from hepscope_common.bus.kafka_link import Link, LogRelay
from hepscope_common.bus.kafka_member import Member
from hepscope_common.bus.kafka_ownership import Ownership
from hepscope_common.bus.kafka_trouble import Trouble
from hepscope_common.bus.protocol import Listener, Record, TopicPartition
from hepscope_common.runtime import Supervisor, cancel

RETRY_SECONDS = 1.0
"""Before another try to take partitions over."""

KEEP_SECONDS = 1.0
"""Between two commits."""

ASK_EVERY = 5
"""Rounds of commits between two questions for the ends of the logs."""


class KafkaConsumer:
    """One member of a group."""

    def __init__(
        self,
        link: Link,
        group: str,
        topics: Sequence[str],
        listener: Listener | None,
        *,
        instance_id: str | None,
        session_seconds: float,
        supervisor: Supervisor,
        relay: LogRelay,
    ) -> None:
        self.group = group
        self.rejoined = 0
        self.commits = Commits(link)
        self._supervisor = supervisor
        self._changed = asyncio.Event()
        self._trouble = Trouble(group, relay)
        self._bounds = Bounds(link)
        self._holding = Holding(self._bounds)
        self._ownership = Ownership(
            link,
            self._bounds,
            self._holding,
            self.commits,
            listener=listener,
            trouble=self._trouble,
        )
        self._fetching = Fetching(link, self._bounds, self._holding, self._trouble)
        self._joining = Joining(
            partial(
                Member,
                link,
                group,
                topics,
                instance_id=instance_id,
                session_seconds=session_seconds,
                changed=self._changed,
            ),
            name=f"bus: join {group}",
            changed=self._changed,
            supervisor=supervisor,
            trouble=self._trouble,
        )
        self._keeping: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """What keeps it from reading at present, in words; empty when nothing does."""
        return self._trouble.reason

    @property
    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions whose records ``poll`` gives at present."""
        return frozenset(self._holding.positions)

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset to be given next of each assigned partition."""
        return self._holding.positions

    @property
    def gone(self) -> int:
        """Records that the group had yet to read when Kafka no longer held them."""
        return self._ownership.gone

    async def offsets_at(
        self, time_us: int, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset of each log from a time on, its end if there is none.

        The time of a record is when the broker took it. Raises ConnectionError.
        """
        member = self._joining.member
        if member is None:
            raise ConnectionError("no broker answers")
        try:
            return await self._bounds.offsets_at(member.client, time_us, partitions)
        except (KafkaError, TimeoutError) as error:
            raise ConnectionError(str(error) or "no broker answers") from error

    async def poll(self, *, max_bytes: int, timeout_seconds: float) -> list[Record]:
        """Return records in order within each partition, or [] when none came in time.

        Raises what the listener raises, and OffsetOutOfRange when the log no longer holds what is
        to be read next: seek, or it is raised again.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while True:
            self._changed.clear()
            await self._mend()
            if self._joining.member is not None:
                await self._ownership.settle(self._joining.member)
            await self._fill(max_bytes)
            found = self._holding.take(max_bytes)
            remaining = deadline - loop.time()
            if found or remaining <= 0:
                # A reader that always finds something must let the others run, too.
                await asyncio.sleep(0)
                return found
            await self._wait(remaining)

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Go on at this offset; raises OffsetOutOfRange, and KeyError if not assigned.

        The range is the one last heard of, a few seconds ago at most.
        """
        where = TopicPartition(topic, partition)
        self._hear_ends()
        self._holding.seek(where, offset)
        if self._joining.member is not None:
            self._joining.member.seek(where, offset)

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Give no records of these partitions until ``resume``; the membership lives on."""
        self._holding.pause(partitions)
        if self._joining.member is not None:
            self._joining.member.pause(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """End a pause."""
        self._holding.resume(partitions)
        if self._joining.member is not None:
            self._joining.member.resume(partitions)
        self._changed.set()

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell the next offset wanted of each partition; sent now and then, errors are counted."""
        self.commits.note({at: to for at, to in positions.items() if at in self._holding})

    def lag(self) -> Mapping[TopicPartition, int]:
        """Records that lie before the end of each assigned partition, as last heard."""
        self._hear_ends()
        return self._holding.lag()

    async def __aenter__(self) -> Self:
        """Begin to join the group; while no broker answers, ``poll`` gives nothing."""
        self._joining.start()
        self._keeping = self._supervisor.start(self._keep(), name=f"bus: commits of {self.group}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the group, after ``on_revoked`` for what is still assigned."""
        await cancel(self._keeping)
        await self._joining.stop()
        try:
            await self._ownership.give_up(self._joining.member)
        finally:
            await self._joining.close()

    async def _mend(self) -> None:
        """After an error of the library, join anew."""
        error, self._fetching.broken = self._fetching.broken, None
        if error is None:
            return
        self._trouble.note("group", error)
        self.rejoined += 1
        try:
            await self._ownership.give_up(self._joining.member)
        finally:
            await self._joining.close()
            self._joining.start()

    async def _fill(self, max_bytes: int) -> None:
        """Fetch what has arrived, as far as this poll can give it."""
        member = self._joining.member
        while member is not None and not member.handover.must_give_up:
            if not self._holding.wants(max_bytes) or not await self._fetching.fetch(member, 0):
                break
        self._holding.raise_astray()

    async def _wait(self, seconds: float) -> None:
        """Return when something came or changed, or after the time."""
        member = self._joining.member
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(self._changed.wait())]
        if member is not None:
            if member.handover.assigned is not None:
                seconds = min(seconds, RETRY_SECONDS)
            tasks.append(asyncio.create_task(self._fetching.fetch(member, seconds)))
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self) -> None:
        """Send commits, and ask for the ends of the logs, of which paused ones would not tell."""
        rounds = 0
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            member = self._joining.member
            if member is None or not self._holding:
                continue
            await self.commits.send(member.client)
            rounds += 1
            if rounds % ASK_EVERY:
                continue
            try:
                await self._bounds.ask(member.client, list(self._holding.positions))
                self._trouble.over()
            except (KafkaError, TimeoutError) as error:
                self._trouble.note("ends", error)

    def _hear_ends(self) -> None:
        member = self._joining.member
        if member is not None:
            for where in self._holding.positions:
                self._bounds.reach(where, member.high_water(where))
