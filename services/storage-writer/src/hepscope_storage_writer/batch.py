"""What one transaction is going to store, gathered record by record.

Rows are bytes already, grouped by table and minute of their time: partitions begin at whole
minutes, so a group goes to one leaf. The records stay until the commit, since a batch that
fails is stored again, and one that holds a bad packet is taken apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_common.calls import CallFacts
from hepscope_common.calls.key_time import begins_again
from hepscope_common.calls.registration import RegistrationFacts
from hepscope_common.store.node_reports import ReportedNodes
from hepscope_common.store.origins import OriginAt, Rise
from hepscope_storage_writer.media_reading import MediaBatch
from hepscope_storage_writer.nodes import NodeSeen
from hepscope_storage_writer.times import MINUTE_US, TimeReason


class Span(NamedTuple):
    """The records of one partition in a batch: offsets from first up to, not including, next."""

    first: int
    next: int


class RowGroup(NamedTuple):
    """Rows that go to one leaf: the root that is partitioned by time, and a minute since 1970."""

    root: str
    minute: int

    @property
    def time_us(self) -> int:
        """A time whose leaf is theirs."""
        return self.minute * MINUTE_US


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A packet that cannot be stored, as it came, and why."""

    record: Record
    index: int
    packet: bytes
    reason: str
    detail: str = ""


@dataclass(slots=True)
class Batch:
    """Records of one worker, decoded; ``silence_us`` ends a call whose Call-ID is used again."""

    silence_us: int
    records: list[Record] = field(default_factory=list)
    spans: dict[TopicPartition, Span] = field(default_factory=dict)
    size_bytes: int = 0
    packets: int = 0
    rows: defaultdict[tuple[str, int], list[bytes]] = field(
        default_factory=lambda: defaultdict(list)
    )
    calls: dict[str, CallFacts] = field(default_factory=dict)
    earlier_calls: list[CallFacts] = field(default_factory=list)
    registrations: dict[tuple[str, int], RegistrationFacts] = field(default_factory=dict)
    nodes: dict[str, NodeSeen] = field(default_factory=dict)
    reported: ReportedNodes = field(default_factory=ReportedNodes)
    media: MediaBatch = field(default_factory=MediaBatch)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    times: Counter[TimeReason] = field(default_factory=Counter)
    letters_sent: int = 0
    origins: dict[OriginAt, int] = field(default_factory=dict)
    """The highest number of each origin once the batch is stored."""
    origins_before: dict[OriginAt, int] = field(default_factory=dict)
    """The same before it, as believed when the batch was decoded."""
    skipped: dict[int, frozenset[int]] = field(default_factory=dict)
    """Indexes of packets that are stored already, by the number of their record in the batch."""
    duplicates: int = 0

    def take(self, record: Record) -> None:
        """Note a record as part of the batch; records of a partition come in order."""
        where = TopicPartition(record.topic, record.partition)
        span = self.spans.get(where)
        first = record.offset if span is None else span.first
        self.spans[where] = Span(first, record.offset + 1)
        self.records.append(record)
        self.size_bytes += len(record.value)

    def add_call(self, facts: CallFacts) -> None:
        """Merge the facts of a message into those of its Call-ID."""
        found = self.calls.get(facts.call_id)
        if found is None:
            self.calls[facts.call_id] = facts
        elif (
            # Nearly never; the call that decides costs more than the merge.
            facts.started_us - found.last_us > self.silence_us
            and begins_again(found.last_us, facts, self.silence_us)
        ):
            self.earlier_calls.append(found)
            self.calls[facts.call_id] = facts
        else:
            found.merge(facts)

    def add_registration(self, facts: RegistrationFacts) -> None:
        """Merge the facts of a REGISTER or its answer into those of its Call-ID and day."""
        key = facts.call_id, facts.day_us
        found = self.registrations.get(key)
        if found is None:
            self.registrations[key] = facts
        else:
            found.merge(facts)

    def next_offsets(self) -> dict[TopicPartition, int]:
        """Return where each partition goes on once the batch is stored."""
        return {where: span.next for where, span in self.spans.items()}

    def skip(self, indexes: Iterable[int]) -> None:
        """Note which packets of the record taken last are stored already."""
        found = frozenset(indexes)
        if found:
            self.skipped[len(self.records) - 1] = found
            self.duplicates += len(found)

    def rises(self) -> list[Rise]:
        """Return the moves of origins that the batch means."""
        before = self.origins_before
        return [
            Rise(at, before[at], highest)
            for at, highest in self.origins.items()
            if highest > before[at]
        ]

    def call_facts(self) -> Iterator[CallFacts]:
        """Yield all call facts, those of one Call-ID in order of arrival."""
        yield from self.earlier_calls
        yield from self.calls.values()

    def groups(self) -> Iterator[tuple[RowGroup, list[bytes]]]:
        """Yield the rows by where they go."""
        for (root, minute), rows in self.rows.items():
            yield RowGroup(root, minute), rows
