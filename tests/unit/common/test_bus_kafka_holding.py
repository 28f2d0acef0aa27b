"""What a reader on Kafka holds: what was fetched is not passed over when its log is cut."""

from typing import cast

import pytest

from hepscope_common.bus import SIGNALLING, Record, TopicPartition
from hepscope_common.bus.kafka_bounds import Bounds
from hepscope_common.bus.kafka_holding import Holding
from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.protocol import OffsetOutOfRange

WHERE = TopicPartition(SIGNALLING, 1)


class Told(Bounds):
    """A log that holds offsets 59 to 60."""

    def __init__(self) -> None:
        super().__init__(cast("Link", None))

    def start(self, where: TopicPartition) -> int:
        """Return the first offset."""
        assert where == WHERE
        return 59

    def end(self, where: TopicPartition) -> int:
        """Return the offset after the last."""
        assert where == WHERE
        return 60

    def check(self, where: TopicPartition, offset: int) -> None:
        """Any offset will do."""
        assert where == WHERE
        assert offset in (59, 60)


def holding_of(*offsets: int) -> Holding:
    """Return what a reader holds that has fetched these records."""
    holding = Holding(Told())
    holding.begin({WHERE: offsets[0] if offsets else 16})
    holding.put(WHERE, [Record(*WHERE, offset, b"x", 0) for offset in offsets])
    return holding


def test_what_was_fetched_before_the_log_was_shortened_is_given_first() -> None:
    """Else it would be lost, and missing in the number of those that are."""
    holding = holding_of(12, 13, 14, 15)
    holding.stray(WHERE, 16)

    holding.raise_astray()
    assert [record.offset for record in holding.take(10**6)] == [12, 13, 14, 15]
    with pytest.raises(OffsetOutOfRange) as found:
        holding.raise_astray()
    assert (found.value.offset, found.value.start) == (16, 59)
    holding.raise_astray()


def test_a_paused_partition_tells_only_once_it_goes_on() -> None:
    """Its records wait as long as it pauses."""
    holding = holding_of(12)
    holding.pause([WHERE])
    holding.stray(WHERE, 13)

    assert holding.take(10**6) == []
    holding.raise_astray()
    holding.resume([WHERE])
    assert len(holding.take(10**6)) == 1
    with pytest.raises(OffsetOutOfRange):
        holding.raise_astray()


def test_who_goes_elsewhere_is_not_told_of_where_he_was() -> None:
    """A seek answers it before it is told."""
    holding = holding_of(12)
    holding.stray(WHERE, 13)
    holding.seek(WHERE, 59)

    holding.raise_astray()
    assert holding.positions == {WHERE: 59}
