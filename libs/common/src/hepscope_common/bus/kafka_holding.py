"""The partitions that a reader holds: where it is in each, and what was fetched and not yet given.

Only what ``take`` gives, and ``seek``, move a position.
"""

from collections.abc import Collection, Iterable, Mapping

from hepscope_common.bus.kafka_bounds import Bounds
from hepscope_common.bus.kafka_shelf import Shelf
from hepscope_common.bus.protocol import OffsetOutOfRange, Record, TopicPartition


class Holding:
    """Positions, pauses and fetched records; nothing is held before ``begin``."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._shelf = Shelf()
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._astray: OffsetOutOfRange | None = None

    def __contains__(self, where: TopicPartition) -> bool:
        return where in self._positions

    def __bool__(self) -> bool:
        return bool(self._positions)

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset to be given next, of each partition."""
        return self._positions

    def begin(self, starts: Mapping[TopicPartition, int]) -> None:
        """Hold these partitions, too, from their offsets on."""
        self._positions.update(starts)

    def forget(self) -> None:
        """Hold nothing any more."""
        self._positions.clear()
        self._paused.clear()
        self._shelf.clear()
        self._bounds.clear()
        self._astray = None

    def seek(self, where: TopicPartition, offset: int) -> None:
        """Go on at an offset; raises OffsetOutOfRange, and KeyError for what is not held."""
        if where not in self._positions:
            raise KeyError(where)
        self._bounds.check(where, offset)
        self._positions[where] = offset
        self._shelf.drop(where)
        if self._astray is not None and self._astray.where == where:
            self._astray = None

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Give no records of these until ``resume``."""
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """End a pause."""
        self._paused.difference_update(partitions)

    def flowing(self, partitions: Collection[TopicPartition]) -> list[TopicPartition]:
        """Return those that are not paused."""
        return [where for where in partitions if where not in self._paused]

    def put(self, where: TopicPartition, records: list[Record]) -> None:
        """Keep what was fetched, unless the partition has gone."""
        if where in self._positions:
            self._shelf.put(where, records)

    def stray(self, where: TopicPartition, offset: int) -> None:
        """Note that a log does not hold an offset, unless the partition has gone."""
        if where in self._positions:
            start, end = self._bounds.start(where), self._bounds.end(where)
            self._astray = OffsetOutOfRange(where, offset, start, end)

    def raise_astray(self) -> None:
        """Raise what was noted by ``stray``, once, when all that was fetched before it is given."""
        astray = self._astray
        if astray is None or astray.where in self._shelf:
            return
        self._astray = None
        raise astray

    def wants(self, max_bytes: int) -> bool:
        """Tell whether more must be fetched to give so many bytes."""
        return bool(self._positions) and self._shelf.size_bytes(self._paused) < max_bytes

    def take(self, max_bytes: int) -> list[Record]:
        """Return at least one record if there is one, then up to max_bytes, and go past them."""
        found = self._shelf.take(max_bytes, self._paused)
        for record in found:
            self._positions[TopicPartition(record.topic, record.partition)] = record.offset + 1
        return found

    def lag(self) -> Mapping[TopicPartition, int]:
        """Return the records between each position and the end of its log, as last heard."""
        return {at: max(0, self._bounds.end(at) - to) for at, to in self._positions.items()}
