"""Partitions that change hands: nothing is counted twice, and calls under way stay known."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from hepscope_common.bus import MEDIA, SIGNALLING, Record, TopicPartition
from hepscope_common.bus.protocol import OffsetOutOfRange
from hepscope_metrics_exporter.handover import REST_SECONDS, Handover
from hepscope_metrics_exporter.shard import Shard

MINUTE_US = 60_000_000
REWIND_US = 10 * MINUTE_US
SIP, RTCP = TopicPartition(SIGNALLING, 0), TopicPartition(MEDIA, 0)


@dataclass
class Log:
    """A reader of logs that hold one record a minute, of which the first ones may be gone."""

    now_us: int = 0
    starts: dict[TopicPartition, int] = field(default_factory=lambda: {SIP: 0, RTCP: 0})
    held: dict[TopicPartition, int] = field(default_factory=dict)
    is_away: bool = False
    asked: int = 0

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        return self.held

    async def offsets_at(
        self, time_us: int, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        self.asked += 1
        if self.is_away:
            raise ConnectionError("away")
        end = self.now_us // MINUTE_US
        return {at: min(max(self.starts[at], -(-time_us // MINUTE_US)), end) for at in partitions}

    def seek(self, topic: str, partition: int, offset: int) -> None:
        where = TopicPartition(topic, partition)
        if offset < self.starts[where]:
            raise OffsetOutOfRange(where, offset, self.starts[where], 1000)
        self.held[where] = offset


@dataclass
class Taking:
    """A hand-over with a log and clocks under the test's hand."""

    log: Log = field(default_factory=Log)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.handover = Handover(
            lambda silent_us: Shard(
                max_attempts=100, max_sessions=100, late_us=0, silent_until_us=silent_us
            ),
            rewind_us=REWIND_US,
            clock=lambda: self.log.now_us,
            monotonic=lambda: self.seconds,
        )
        self.handover.reader = self.log

    def assign(self, sip: int, rtcp: int = 0) -> None:
        """Give both logs to the reader, which would begin at these offsets."""
        self.log.held = {SIP: sip, RTCP: rtcp}
        asyncio.run(self.handover.on_assigned([SIP, RTCP]))

    def revoke(self) -> None:
        """Take them away again."""
        asyncio.run(self.handover.on_revoked([SIP, RTCP]))

    def give(self, where: TopicPartition, offset: int) -> bool:
        """Return whether a record is to be counted; notes that it is."""
        record = Record(where.topic, where.partition, offset, b"", 1)
        if self.handover.is_counted(record):
            return False
        self.handover.count(record)
        return True


@pytest.fixture
def taking() -> Taking:
    """A hand-over at two hours past the beginning of the log."""
    return Taking(Log(now_us=120 * MINUTE_US))


def test_the_minutes_before_are_read_again_and_not_counted(taking: Taking) -> None:
    """From ten minutes before the committed offset; media has nothing to rebuild."""
    taking.assign(sip=118, rtcp=50)
    assert taking.log.held == {SIP: 100, RTCP: 50}
    assert not taking.give(SIP, 117)
    assert taking.give(SIP, 118)
    assert taking.give(RTCP, 50)
    assert taking.handover.rebuilt_records == 1
    assert taking.handover.is_rebuilding(0)
    taking.log.held[SIP] = 119
    assert not taking.handover.is_rebuilding(0)
    assert taking.handover.takeovers == 1


def test_a_reader_at_the_end_goes_back_ten_minutes(taking: Taking) -> None:
    """As after a rebalance without lag."""
    taking.assign(sip=120)
    assert taking.log.held[SIP] == 110


def test_after_a_long_absence_it_is_ten_minutes_before_what_was_counted(taking: Taking) -> None:
    """At least, whatever has come since: the attempts that count began there."""
    taking.assign(sip=60)
    assert 0 <= taking.log.held[SIP] <= 50
    assert taking.log.asked <= 12


def test_of_a_log_that_is_shorter_everything_is_read_again(taking: Taking) -> None:
    """Retention may have taken what came before."""
    taking.log.starts[SIP] = 115
    taking.assign(sip=118)
    assert taking.log.held[SIP] == 115


def test_nothing_is_taken_over_while_the_bus_does_not_answer(taking: Taking) -> None:
    """The next poll tries again."""
    taking.log.is_away = True
    with pytest.raises(ConnectionError):
        taking.assign(sip=118)
    assert not taking.handover.shards
    taking.log.is_away = False
    taking.assign(sip=118)
    assert list(taking.handover.shards) == [0]


def test_what_comes_back_goes_on_where_it_was(taking: Taking) -> None:
    """A rebalance that changes nothing rebuilds nothing, even if the last commit was lost."""
    taking.assign(sip=118)
    shard = taking.handover.shards[0]
    assert taking.give(SIP, 118)
    assert taking.give(RTCP, 0)
    taking.revoke()
    assert not taking.handover.shards
    taking.assign(sip=110)
    assert taking.handover.shards[0] is shard
    assert taking.log.held == {SIP: 119, RTCP: 1}
    assert taking.handover.takeovers == 1


def test_what_another_counted_meanwhile_is_rebuilt(taking: Taking) -> None:
    """The state in memory misses what the other reader saw."""
    taking.assign(sip=117)
    shard = taking.handover.shards[0]
    taking.revoke()
    taking.assign(sip=119)
    assert taking.handover.shards[0] is not shard
    assert taking.log.held[SIP] < 117
    assert not taking.give(SIP, 118)
    assert taking.give(SIP, 119)


def test_what_does_not_come_back_is_forgotten(taking: Taking) -> None:
    """After a minute, and its evictions stay counted."""
    taking.assign(sip=117)
    taking.handover.shards[0].folding.evicted = 3
    taking.revoke()
    taking.seconds += REST_SECONDS
    taking.handover.tick()
    assert taking.handover.evicted == 3
    taking.assign(sip=117)
    assert taking.handover.takeovers == 2


def test_a_gap_is_skipped_and_told(taking: Taking) -> None:
    """Only what nobody counted is a loss; of what was to be read again nothing is."""
    taking.assign(sip=118)
    assert taking.handover.skip_to(SIP, 115) == 0
    assert not taking.give(SIP, 117)
    assert taking.handover.skip_to(SIP, 119) == 1
    assert taking.give(SIP, 119)
