"""Which bus partitions a worker owns, and where each one stands in the database.

Memory of what the database said at take-over and of every commit since: the next offset, and what
is stored of the origins. When a commit finds
otherwise, ``settle`` tells the two cases apart: the epoch is still ours but the position is
another (a commit whose answer got lost, or an operator's hand), or the epoch is not ours any
more, and the partition is left alone until the bus assigns it again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_common.store.origins import OriginAt
from hepscope_common.store.positions import Advance, Position
from hepscope_storage_writer.batch import Batch, Span
from hepscope_storage_writer.known_origins import DEFAULT_SIZE, KnownOrigins


@dataclass(slots=True)
class Settlement:
    """What a stale batch turned out to be."""

    is_committed: bool
    """It had been stored after all: an earlier attempt's commit went through unheard."""
    reread: dict[TopicPartition, int] = field(default_factory=dict)
    """Partitions that are still ours, with the offset to go on from."""
    lost: dict[TopicPartition, int] = field(default_factory=dict)
    """Partitions that are ours no more, with the epoch that somebody else raised them to."""
    went_back: bool = False
    """Whether something that was committed is stored no more: the database was restored."""


class DatabaseWentBackError(Exception):
    """The database is older than what we stored under our own epoch: restored from a backup.

    Whoever starts anew takes the partitions over from where it stands now.
    """


class Ownership:
    """Positions of the partitions owned; ``stopped`` are assigned but taken over by another."""

    def __init__(self, *, origin_cache: int = DEFAULT_SIZE) -> None:
        self.origins = KnownOrigins(origin_cache)
        self.positions: dict[TopicPartition, Position] = {}
        self.stopped: set[TopicPartition] = set()

    def assign(
        self,
        positions: Mapping[TopicPartition, Position],
        origins: Mapping[OriginAt, int],
    ) -> None:
        """Own partitions from where they stand."""
        self.origins.forget(positions)
        self.origins.learn(origins)
        self.positions.update(positions)
        self.stopped.difference_update(positions)

    def release(self, partitions: Collection[TopicPartition]) -> None:
        """Own partitions no longer."""
        self.origins.forget(partitions)
        for where in partitions:
            self.positions.pop(where, None)
            self.stopped.discard(where)

    def expects(self, batch: Batch, record: Record) -> bool:
        """Whether a record is the next one of its partition after those of the batch."""
        where = TopicPartition(record.topic, record.partition)
        position = self.positions.get(where)
        if position is None:
            return False
        span = batch.spans.get(where)
        return record.offset == (position.next_offset if span is None else span.next)

    def holds(self, batch: Batch) -> bool:
        """Whether a batch is what comes next of each of its partitions, all of them owned.

        It is not when a partition left while the batch was repeated, nor when it has come back
        meanwhile from somebody who went on with it.
        """
        return all(
            (position := self.positions.get(where)) is not None
            and position.next_offset == span.first
            for where, span in batch.spans.items()
        )

    def advances(self, batch: Batch) -> list[Advance]:
        """Return the moves of positions that a batch means, sorted, as locks are taken."""
        return [
            Advance(
                where.topic,
                where.partition,
                self.positions[where].next_offset,
                self.positions[where].epoch,
                span.next,
            )
            for where, span in sorted(batch.spans.items())
        ]

    def committed(self, batch: Batch) -> None:
        """Note that a batch is stored."""
        self.origins.committed(batch)
        for where, span in batch.spans.items():
            position = self.positions.get(where)
            if position is not None:
                self.positions[where] = position._replace(next_offset=span.next)

    def doubtful(self, stored: Mapping[TopicPartition, Position]) -> dict[TopicPartition, Span]:
        """Return the partitions owned about which the database says otherwise, as empty spans."""
        return {
            where: Span(position.next_offset, position.next_offset)
            for where, position in self.positions.items()
            if stored.get(where) != position
        }

    def settle(
        self,
        batch: Batch,
        stored: Mapping[TopicPartition, Position],
        origins: Mapping[OriginAt, int],
    ) -> Settlement:
        """Believe the database about the partitions of a batch whose commit was refused.

        Raises DatabaseWentBackError when it does not even know that they are ours.
        """
        found = Settlement(is_committed=True)
        self.origins.forget(batch.spans)
        self.origins.learn(origins)
        for where, span in sorted(batch.spans.items()):
            mine = self.positions.get(where)
            now = stored.get(where)
            if mine is None:
                found.is_committed = False
            elif now is None or now.epoch < mine.epoch:
                raise DatabaseWentBackError(
                    "the database is older than what was stored in it (restored from a backup?);"
                    " a new start goes on from where it stands"
                )
            elif now.epoch > mine.epoch:
                found.is_committed = False
                found.lost[where] = now.epoch
                self.stopped.add(where)
                del self.positions[where]
            else:
                found.is_committed &= now.next_offset == span.next
                found.went_back |= now.next_offset < mine.next_offset
                self.positions[where] = now
                found.reread[where] = now.next_offset
        return found
