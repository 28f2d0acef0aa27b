"""A load: lines on their way to Loki, and the bus positions that are reached once it has them."""

from collections import deque
from collections.abc import Iterable
from operator import itemgetter
from typing import Final

from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_storage_writer.loki.form import Entry
from hepscope_storage_writer.loki.streams import Stream

ALONE_BYTES: Final = 64 * 1024
"""A stream with more than this in a load has pushes of its own, because it may be more than Loki
takes of a stream: of that its ingesters tell of the last stream of a push only."""

LATE_NS: Final = 300 * 1_000_000_000
"""A stream with lines so much older than its newest is pushed alone for the same reason: they may
be too far behind, for which the least that anybody sets is some quarter of an hour."""

ENTRY_BYTES: Final = 16
"""Around an entry, at most."""

_by_time = itemgetter(0)


class Push:
    """What one request carries: lines by stream."""

    __slots__ = ("parts", "size_bytes")

    def __init__(self, parts: list[tuple[Stream, list[Entry]]], size_bytes: int) -> None:
        self.parts = parts
        self.size_bytes = size_bytes

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return sum(len(entries) for _, entries in self.parts)

    def halves(self) -> "tuple[Push, Push]":
        """Return two pushes with half of the lines each; needs two lines."""
        middle = self.lines // 2
        first: list[tuple[Stream, list[Entry]]] = []
        second: list[tuple[Stream, list[Entry]]] = []
        for stream, entries in self.parts:
            if middle > 0:
                first.append((stream, entries[:middle]))
            if entries[middle:]:
                second.append((stream, entries[middle:]))
            middle = max(0, middle - len(entries))
        return _push(first), _push(second)


class Load:
    """Lines that Loki has not acknowledged, by stream, in the order of the bus."""

    def __init__(self) -> None:
        self.positions: dict[TopicPartition, int] = {}
        """The offset after the last record, by partition."""
        self.first: dict[TopicPartition, int] = {}
        """The offset of the first one."""
        self.records = 0
        self.lines = 0
        self.size_bytes = 0
        self.oldest_us = 0
        """Arrival of the first packet, 0 before there is one."""
        self._waiting: dict[Stream, list[Entry]] = {}

    def take(self, record: Record) -> None:
        """Note that a record is in it."""
        self.records += 1
        where = TopicPartition(record.topic, record.partition)
        self.first.setdefault(where, record.offset)
        self.positions[where] = record.offset + 1

    def add(self, stream: Stream, entry: Entry) -> None:
        """Add a line."""
        entries = self._waiting.get(stream)
        if entries is None:
            entries = self._waiting[stream] = []
        entries.append(entry)
        self.lines += 1
        self.size_bytes += len(entry.base) + len(entry.metadata) + ENTRY_BYTES

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Reach no positions of these: they are somebody else's."""
        for where in partitions:
            self.positions.pop(where, None)
            self.first.pop(where, None)

    def plan(self, limit_bytes: int) -> deque[Push]:
        """Take all lines out, as pushes up to a limit (or of one line); streams sorted by time.

        A stream is in one push, or in several that follow one another. The largest stream of a
        push is its last.
        """
        pushes: deque[Push] = deque()
        small: list[tuple[int, Stream, list[Entry]]] = []
        for stream, entries in self._waiting.items():
            entries.sort(key=_by_time)
            size = _size(entries)
            is_late = entries[0].time_ns < stream.newest_ns - LATE_NS
            stream.newest_ns = max(stream.newest_ns, entries[-1].time_ns)
            if is_late or size > min(ALONE_BYTES, limit_bytes):
                pushes += _pieces(stream, entries, limit_bytes)
            else:
                small.append((size, stream, entries))
        small.sort(key=itemgetter(0))
        parts: list[tuple[Stream, list[Entry]]] = []
        room = limit_bytes
        for size, stream, entries in small:
            if parts and size > room:
                pushes.append(_push(parts))
                parts, room = [], limit_bytes
            parts.append((stream, entries))
            room -= size
        if parts:
            pushes.append(_push(parts))
        self._waiting = {}
        self.lines = self.size_bytes = 0
        return pushes

    def put_back(self, pushes: Iterable[Push]) -> None:
        """Wait with these lines for another plan."""
        for push in pushes:
            for stream, entries in push.parts:
                for entry in entries:
                    self.add(stream, entry)


def _pieces(stream: Stream, entries: list[Entry], limit_bytes: int) -> Iterable[Push]:
    begin, room = 0, limit_bytes
    for at, entry in enumerate(entries):
        size = entry.size_bytes + ENTRY_BYTES
        if at > begin and size > room:
            yield _push([(stream, entries[begin:at])])
            begin, room = at, limit_bytes
        room -= size
    yield _push([(stream, entries[begin:])])


def _push(parts: list[tuple[Stream, list[Entry]]]) -> Push:
    return Push(parts, sum(_size(entries) for _, entries in parts))


def _size(entries: list[Entry]) -> int:
    return sum(len(base) + len(metadata) + ENTRY_BYTES for _, base, metadata in entries)
