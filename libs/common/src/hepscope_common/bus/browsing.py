"""Looking at logs without being a member of any group: for operators' commands.

Nothing here moves a position, of a group or of a store. A record is given with the time at which
the bus took it, microseconds since 1970, which only finding a range of time needs.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from hep import DecodeError, decode3
from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import Record, TopicPartition


class LogRange(NamedTuple):
    """The first offset that a log holds, and the one after its last."""

    start: int
    end: int


class Taken(NamedTuple):
    """A record, and when the bus took it."""

    record: Record
    time_us: int


class Browser(Protocol):
    """Reads any part of any log."""

    @property
    def bus_id(self) -> str:
        """Name of the log of records, under which positions are stored."""
        ...

    async def ranges(self) -> Mapping[TopicPartition, LogRange]:
        """Return what each log holds at present, dead letters included."""
        ...

    async def offsets_at(
        self, time_us: int, partitions: Iterable[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset of each log from a time on, its end if there is none."""
        ...

    async def read(self, where: TopicPartition, offset: int, *, max_bytes: int) -> list[Taken]:
        """Return records from an offset on: at least one if there is one, then to max_bytes.

        Raises OffsetOutOfRange when the log does not hold it.
        """
        ...


def arrival_of(record: Record) -> int:
    """Return when ingest received the first packet of a record, 0 when that cannot be told."""
    try:
        return decode3(record.value).received_at_us
    except DecodeError:
        return 0


class MemoryBrowser:
    """The twin for the bus in memory, whose records bear no time but that of their packets."""

    def __init__(self, bus: MemoryBus, time_of: Callable[[Record], int] = arrival_of) -> None:
        self.bus_id = bus.bus_id
        self._logs = bus.logs
        self._time_of = time_of

    async def ranges(self) -> Mapping[TopicPartition, LogRange]:
        """Return what each log holds at present."""
        return {where: LogRange(log.start, log.end) for where, log in self._logs.items()}

    async def offsets_at(
        self, time_us: int, partitions: Iterable[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        """Return the first offset of each log at a time or later, its end if there is none."""
        return {where: self._offset_at(time_us, where) for where in partitions}

    async def read(self, where: TopicPartition, offset: int, *, max_bytes: int) -> list[Taken]:
        """Return records from an offset on."""
        found = self._logs[where].read(offset, max_bytes)
        return [Taken(record, self._time_of(record)) for record in found]

    def _offset_at(self, time_us: int, where: TopicPartition) -> int:
        log = self._logs[where]
        for record in log.read(log.start, log.size_bytes):
            if self._time_of(record) >= time_us:
                return record.offset
        return log.end
