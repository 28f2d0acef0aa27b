"""A member of a consumer group on Kafka.

The library joins, fetches and keeps the membership alive in the background; everything that the
reader is to know happens in its own ``poll``: partitions come and go there, with the listener's
errors raised to the reader, and only what ``poll`` gave moves the position. An error that the
library cannot mend makes ``poll`` give everything up and join anew with a new client.
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from hepscope_common.bus.kafka_bounds import Bounds, committed
from hepscope_common.bus.kafka_commits import Commits
from hepscope_common.bus.kafka_link import Link, LogRelay
from hepscope_common.bus.kafka_member import FETCH_RECORDS, Member
from hepscope_common.bus.kafka_records import record_of
from hepscope_common.bus.kafka_shelf import Shelf
from hepscope_common.bus.protocol import Listener, OffsetOutOfRange, Record, TopicPartition
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import Supervisor, cancel

RETRY_SECONDS = 1.0
"""Before another try to connect, or to take partitions over."""

KEEP_SECONDS = 1.0
"""Between two commits."""

ASK_EVERY = 5
"""Rounds of commits between two questions for the ends of the logs."""

_log = get_logger("bus.kafka")


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
        self.trouble = "not connected yet"
        self.commits = Commits(link)
        self._link = link
        self._topics = list(topics)
        self._listener = listener
        self._instance_id = instance_id
        self._session_seconds = session_seconds
        self._supervisor = supervisor
        self._relay = relay
        self._throttle = Throttle(_log)
        self._changed = asyncio.Event()
        self._bounds = Bounds(link)
        self._shelf = Shelf()
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._member: Member | None = None
        self._broken: KafkaError | None = None
        self._astray: OffsetOutOfRange | None = None
        self._opening: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions whose records ``poll`` gives at present."""
        return frozenset(self._positions)

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
            await self._settle()
            await self._fill(max_bytes)
            found = self._take(max_bytes)
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
        if where not in self._positions:
            raise KeyError(where)
        self._hear_ends()
        self._bounds.check(where, offset)
        self._positions[where] = offset
        self._shelf.drop(where)
        if self._member is not None:
            self._member.seek(where, offset)

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Give no records of these partitions until ``resume``; the membership lives on."""
        self._paused.update(partitions)
        if self._member is not None:
            self._member.pause(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """End a pause."""
        self._paused.difference_update(partitions)
        if self._member is not None:
            self._member.resume(partitions)
        self._changed.set()

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell the next offset wanted of each partition; sent now and then, errors are counted."""
        self.commits.note({at: to for at, to in positions.items() if at in self._positions})

    def lag(self) -> Mapping[TopicPartition, int]:
        """Records that lie before the end of each assigned partition, as last heard."""
        self._hear_ends()
        return {at: max(0, self._bounds.end(at) - to) for at, to in self._positions.items()}

    async def __aenter__(self) -> Self:
        """Begin to join the group; while no broker answers, ``poll`` gives nothing."""
        self._start_opening()
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
        await cancel(self._opening)
        try:
            await self._give_up()
        finally:
            await self._close()

    def _start_opening(self) -> None:
        self._opening = self._supervisor.start(self._open(), name=f"bus: join {self.group}")

    async def _open(self) -> None:
        while True:
            member = Member(
                self._link,
                self.group,
                self._topics,
                instance_id=self._instance_id,
                session_seconds=self._session_seconds,
                changed=self._changed,
            )
            try:
                await member.start()
            except (KafkaError, OSError) as error:
                self._note("connect", error)
                await member.stop()
                await asyncio.sleep(RETRY_SECONDS)
            except asyncio.CancelledError:
                await member.stop()
                raise
            else:
                self._member = member
                self._changed.set()
                return

    async def _close(self) -> None:
        member, self._member = self._member, None
        if member is not None:
            await member.stop()

    async def _mend(self) -> None:
        """After an error of the library, join anew."""
        error, self._broken = self._broken, None
        if error is None:
            return
        self._note("group", error)
        self.rejoined += 1
        try:
            await self._give_up()
        finally:
            await self._close()
            self._start_opening()

    async def _settle(self) -> None:
        """Do what the group wants."""
        member = self._member
        if member is None:
            return
        if member.handover.must_give_up:
            await self._give_up()
        if member.handover.assigned is not None:
            await self._take_over(member)
        if member.handover.must_give_up:
            await self._give_up()

    async def _give_up(self) -> None:
        held = sorted(self._positions)
        try:
            if held and self._listener is not None:
                await self._listener.on_revoked(held)
        finally:
            self._forget()
            try:
                if held and self._member is not None:
                    await self.commits.send(self._member.client)
            finally:
                self.commits.clear()
                if self._member is not None:
                    self._member.handover.release()

    def _forget(self) -> None:
        self._positions.clear()
        self._paused.clear()
        self._shelf.clear()
        self._bounds.clear()
        self._astray = None

    async def _take_over(self, member: Member) -> None:
        handover, assigned = member.handover, member.handover.assigned
        assert assigned is not None
        gained = sorted(self._link.unwire(at) for at in assigned)
        try:
            await self._bounds.ask(member.client, gained)
            starts = await self._starts(member, gained)
        except (KafkaError, TimeoutError) as error:
            self._note("positions", error)
            return
        if handover.assigned is not assigned:
            return
        handover.hold()
        self._positions.update(starts)
        try:
            if gained and self._listener is not None:
                await self._listener.on_assigned(gained)
        except BaseException:
            # Whoever was not ready for them must not be given their records by the next poll.
            self._forget()
            handover.release()
            raise
        if handover.assigned is assigned:
            handover.assigned = None
        self.trouble = ""
        for where, offset in self._positions.items():
            member.seek(where, offset)
        member.resume([where for where in gained if where not in self._paused])

    async def _starts(
        self, member: Member, gained: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Return where to read from unless the listener seeks."""
        offsets = dict(await committed(member.client, self._link, gained))
        for where in gained:
            start = self._bounds.start(where)
            offset = offsets.setdefault(where, start)
            if not start <= offset <= self._bounds.end(where):
                text = "%s[%d] holds nothing at offset %d any more: the group begins at %d"
                self._throttle.warning("gone", text, *where, offset, start)
                offsets[where] = start
        return offsets

    async def _fill(self, max_bytes: int) -> None:
        """Fetch what has arrived, as far as this poll can give it."""
        while (
            self._positions
            and self._member is not None
            and not self._member.handover.must_give_up
            and self._shelf.size_bytes(self._paused) < max_bytes
        ):
            if not await self._fetch(self._member, 0):
                break
        if self._astray is not None:
            astray, self._astray = self._astray, None
            raise astray

    async def _fetch(self, member: Member, timeout_seconds: float) -> bool:
        """Put what arrives in time on the shelf; returns whether something did."""
        try:
            found = await member.client.getmany(
                timeout_ms=int(timeout_seconds * 1000), max_records=FETCH_RECORDS
            )
        except NoOffsetForPartitionError:
            # Of a partition that was not taken over yet, where nobody ever committed.
            await asyncio.sleep(min(timeout_seconds, RETRY_SECONDS))
            return False
        except OffsetOutOfRangeError as error:
            await self._stray(member, error)
            return False
        except KafkaError as error:
            self._broken = error
            return False
        for at, records in found.items():
            where = self._link.unwire(at)
            if where in self._positions:
                self._shelf.put(where, [record_of(where, record) for record in records])
        return bool(found)

    async def _stray(self, member: Member, error: OffsetOutOfRangeError) -> None:
        """Note that a position is outside of its log, with the range of the log now."""
        ((at, offset),) = error.args[0].items()
        where = self._link.unwire(at)
        try:
            await self._bounds.ask(member.client, [where])
        except (KafkaError, TimeoutError) as failure:
            self._note("positions", failure)
            return
        if where in self._positions:
            start, end = self._bounds.start(where), self._bounds.end(where)
            self._astray = OffsetOutOfRange(where, offset, start, end)

    def _take(self, max_bytes: int) -> list[Record]:
        found = self._shelf.take(max_bytes, self._paused)
        for record in found:
            self._positions[TopicPartition(record.topic, record.partition)] = record.offset + 1
        return found

    async def _wait(self, seconds: float) -> None:
        """Return when something came or changed, or after the time."""
        member = self._member
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(self._changed.wait())]
        if member is not None:
            if member.handover.assigned is not None:
                seconds = min(seconds, RETRY_SECONDS)
            tasks.append(asyncio.create_task(self._fetch(member, seconds)))
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
            member = self._member
            if member is None or not self._positions:
                continue
            await self.commits.send(member.client)
            rounds += 1
            if rounds % ASK_EVERY:
                continue
            try:
                await self._bounds.ask(member.client, list(self._positions))
                self.trouble = ""
            except (KafkaError, TimeoutError) as error:
                self._note("ends", error)

    def _hear_ends(self) -> None:
        if self._member is not None:
            for where in self._positions:
                self._bounds.reach(where, self._member.high_water(where))

    def _note(self, what: str, error: Exception) -> None:
        reason = self._relay.take_refusal() or f"{type(error).__name__}: {error}"
        self.trouble = reason
        self._throttle.warning(what, "reader of %s (%s): %s", self.group, what, reason)
