"""What every bus offers, whatever carries it.

A record holds HEP3 packets back to back, all of one topic and partition; HEP3 delimits
itself, so no second format is needed. Offsets count records, from 0, without gaps, and
survive restarts. A reader's own store holds its positions: ``commit`` is only a hint, by
which the bus may forget records and monitors may tell the lag.

The rules that each implementation passes are in ``tests/contract/bus``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol, Self

MAX_RECORD_PACKETS = 1024
"""Packets in a record; a stored id keeps ten bits for the index of a packet in its record."""

MAX_RECORD_BYTES = 900_000
"""Bytes in a record, under the 1 MB that Kafka brokers take by default."""


class TopicPartition(NamedTuple):
    """The address of one ordered log."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """Some packets in the order in which they were accepted."""

    topic: str
    partition: int
    offset: int
    value: bytes
    packets: int
    headers: tuple[tuple[str, bytes], ...] = ()


Acknowledged = Callable[[], None]
"""Called once, from the event loop, when a crash of this process can lose a record no more: the
broker has it on all replicas in sync, or, of the bus in memory, every group is done with it."""


class Producer(Protocol):
    """Puts records on the bus; what it has accepted is not lost by it.

    Records of one topic and partition stay in the order in which they were taken, also where they
    are sent again. Sent again, a record may stand in the log twice: its headers tell (bus/origins).
    """

    def offer(
        self,
        topic: str,
        partition: int,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> bool:
        """Take a record if there is room, at once; False means full and nothing was taken."""
        ...

    async def send(
        self,
        topic: str,
        partition: int,
        value: bytes,
        packets: int,
        headers: tuple[tuple[str, bytes], ...] = (),
        *,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        """Take a record, waiting for room as long as it needs."""
        ...

    async def flush(self) -> None:
        """Return once a crash of this process can lose none of the records taken so far.

        Of the bus in memory, whose records live in the process, it returns at once.
        """
        ...


class Listener(Protocol):
    """Is told when partitions come and go; called from ``poll``, never beside it."""

    async def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Partitions are now ours; seek here, before their first record is given.

        An error, which ``poll`` raises, leaves them unassigned; the next ``poll`` tries again.
        """
        ...

    async def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Partitions leave us; finish or roll back here, since another owner waits."""
        ...


class Consumer(Protocol):
    """One member of a group; owns partition n of all its topics or of none of them."""

    @property
    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions whose records ``poll`` gives at present."""
        ...

    @property
    def trouble(self) -> str:
        """What keeps it from reading at present, in words; empty when nothing does."""
        ...

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset to be given next of each assigned partition."""
        ...

    @property
    def gone(self) -> int:
        """Records that the group had yet to read when the bus no longer held them.

        As found when partitions were taken over; what is found later raises OffsetOutOfRange.
        """
        ...

    async def offsets_at(
        self, time_us: int, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset of assigned partitions whose record is not older than a time.

        Where nobody knows the times of records it is the first that the log holds. Raises
        ConnectionError when the bus does not answer.
        """
        ...

    async def poll(self, *, max_bytes: int, timeout_seconds: float) -> list[Record]:
        """Return records in order within each partition, or [] when none came in time.

        Gives at least one record whatever its size, then stops before max_bytes.
        """
        ...

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Go on at this offset of an assigned partition.

        Raises OffsetOutOfRange when the log does not hold it (any more, or yet).
        """
        ...

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Give no records of these partitions until ``resume``; they stay assigned."""
        ...

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """End a pause."""
        ...

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell the next offset wanted of each partition: all before it is done with."""
        ...

    def lag(self) -> Mapping[TopicPartition, int]:
        """Records that lie before the end of each assigned partition."""
        ...

    async def __aenter__(self) -> Self:
        """Join the group."""
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the group, after ``on_revoked`` for what is still assigned."""
        ...


class Bus(Protocol):
    """A set of topics that share one partition count."""

    @property
    def bus_id(self) -> str:
        """Name of this log of records; positions stored under another id mean nothing here."""
        ...

    @property
    def partitions(self) -> int:
        """Partition count of every topic but the dead letters', which has one."""
        ...

    def producer(self) -> Producer:
        """Return a producer; all are equal."""
        ...

    def consumer(
        self, group: str, topics: Sequence[str], listener: Listener | None = None
    ) -> Consumer:
        """Return a member to be, inert until entered."""
        ...


class OffsetOutOfRange(LookupError):  # noqa: N818 - named after the broker error it stands for
    """An offset lies before the start of a log or beyond its end."""

    def __init__(self, where: TopicPartition, offset: int, start: int, end: int) -> None:
        super().__init__(
            f"{where.topic}[{where.partition}] holds offsets {start} to {end}, not {offset}"
        )
        self.where = where
        self.offset = offset
        self.start = start
        self.end = end
