"""Members of a consumer group of the memory bus.

A partition changes hands in two steps, as with a broker: the old owner gives it up in its next
``poll`` (after ``on_revoked``), and only then does the new owner get it in its own.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from hepscope_common.bus.membership import range_assignment
from hepscope_common.bus.partition_log import PartitionLog
from hepscope_common.bus.protocol import Listener, Record, TopicPartition


class Group:
    """Positions and owners that the members of one group share."""

    def __init__(
        self,
        name: str,
        topics: Sequence[str],
        partitions: int,
        logs: Mapping[TopicPartition, PartitionLog],
    ) -> None:
        self.name = name
        self.committed = {at: log.start for at, log in logs.items() if at.topic in topics}
        self.owner: dict[TopicPartition, str] = {}
        self._partitions = partitions
        self._members: list[str] = []
        self._wanted: dict[str, range] = {}
        self._changed = asyncio.Event()

    def __contains__(self, where: object) -> bool:
        return where in self.committed

    def join(self, member: str) -> None:
        """Add a member; owners change as they poll."""
        self._members.append(member)
        self._reassign()

    def leave(self, member: str) -> None:
        """Remove a member and free what it owned."""
        self._members.remove(member)
        self.owner = {at: owner for at, owner in self.owner.items() if owner != member}
        self._reassign()

    def wanted_by(self, member: str) -> set[TopicPartition]:
        """The partitions that a member is to own once their old owners gave them up."""
        numbers = self._wanted.get(member, range(0))
        return {at for at in self.committed if at.partition in numbers}

    def wake(self) -> None:
        """Tell every waiting member that something came or changed."""
        self._changed.set()

    async def wait(self, timeout_seconds: float) -> None:
        """Return when something came or changed, or after the time."""
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _reassign(self) -> None:
        self._wanted = range_assignment(self._members, self._partitions)
        self.wake()


class MemoryConsumer:
    """One member of a group."""

    def __init__(
        self,
        group: Group,
        member: str,
        listener: Listener | None,
        logs: Mapping[TopicPartition, PartitionLog],
        trim: Callable[[TopicPartition], None],
    ) -> None:
        self._group = group
        self._member = member
        self._listener = listener
        self._logs = logs
        self._trim = trim
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._turn = 0

    @property
    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions whose records ``poll`` gives at present."""
        return frozenset(self._positions)

    @property
    def trouble(self) -> str:
        """Nothing ever keeps it from reading."""
        return ""

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset to be given next of each assigned partition."""
        return self._positions

    @property
    def gone(self) -> int:
        """No record is forgotten that a group has yet to read."""
        return 0

    async def offsets_at(
        self, time_us: int, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset that each log holds: records have no times here."""
        del time_us
        return {where: self._logs[where].start for where in partitions}

    async def poll(self, *, max_bytes: int, timeout_seconds: float) -> list[Record]:
        """Return records in order within each partition, or [] when none came in time."""
        await self._settle()
        found = self._read(max_bytes)
        if not found and timeout_seconds > 0:
            await self._group.wait(timeout_seconds)
            await self._settle()
            found = self._read(max_bytes)
        return found

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Go on at this offset; raises OffsetOutOfRange, and KeyError if not assigned."""
        where = TopicPartition(topic, partition)
        self._logs[where].check(offset)
        if where not in self._positions:
            raise KeyError(where)
        self._positions[where] = offset

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Give no records of these partitions until ``resume``."""
        self._paused.update(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """End a pause."""
        self._paused.difference_update(partitions)
        self._group.wake()

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell the next offset wanted of each partition; the bus forgets what all are past."""
        for where, offset in positions.items():
            if self._group.owner.get(where) != self._member:
                continue
            if offset > self._group.committed[where]:
                self._group.committed[where] = offset
                self._trim(where)

    def lag(self) -> Mapping[TopicPartition, int]:
        """Records that lie before the end of each assigned partition."""
        return {at: self._logs[at].end - offset for at, offset in self._positions.items()}

    async def __aenter__(self) -> Self:
        """Join the group."""
        self._group.join(self._member)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the group, after ``on_revoked`` for what is still assigned."""
        try:
            await self._give_up(set(self._positions))
        finally:
            self._group.leave(self._member)

    async def _settle(self) -> None:
        wanted = self._group.wanted_by(self._member)
        await self._give_up(set(self._positions) - wanted)
        gained = sorted(at for at in wanted - set(self._positions) if at not in self._group.owner)
        if not gained:
            return
        for where in gained:
            self._group.owner[where] = self._member
            self._positions[where] = self._group.committed[where]
        if self._listener is None:
            return
        try:
            await self._listener.on_assigned(gained)
        except BaseException:
            # Whoever was not ready for them must not be given their records by the next poll.
            self._drop(gained)
            raise

    async def _give_up(self, partitions: set[TopicPartition]) -> None:
        if not partitions:
            return
        try:
            if self._listener is not None:
                await self._listener.on_revoked(sorted(partitions))
        finally:
            self._drop(partitions)

    def _drop(self, partitions: Iterable[TopicPartition]) -> None:
        for where in partitions:
            del self._positions[where]
            self._paused.discard(where)
            self._group.owner.pop(where, None)
        self._group.wake()

    def _read(self, max_bytes: int) -> list[Record]:
        """Take from each partition in turn, so that a busy one cannot starve the rest."""
        ready = [
            at
            for at, offset in self._positions.items()
            if at not in self._paused and offset < self._logs[at].end
        ]
        if not ready:
            return []
        self._turn = (self._turn + 1) % len(ready)
        found: list[Record] = []
        room = max_bytes
        for where in ready[self._turn :] + ready[: self._turn]:
            records = self._logs[where].read(self._positions[where], room)
            if found and sum(len(record.value) for record in records) > room:
                continue
            found += records
            room -= sum(len(record.value) for record in records)
            self._positions[where] += len(records)
            if room <= 0:
                break
        return found
