"""Times of lines."""

import pytest

from hepscope_storage_writer.loki.moment import AHEAD_US, Moment, moment_of
from hepscope_storage_writer.times import HOUR_US, NTP_OFFSET_US, TimeReason
from support.builders import BASE_US

OLDEST_US = BASE_US - 168 * HOUR_US


@pytest.mark.parametrize("sent_us", [BASE_US, OLDEST_US, BASE_US + AHEAD_US, BASE_US - 5])
def test_a_plausible_time_is_kept(sent_us: int) -> None:
    """Up to nine minutes ahead, which Loki takes."""
    assert moment_of(sent_us, BASE_US, oldest_us=OLDEST_US) == Moment(sent_us)


@pytest.mark.parametrize(
    ("sent_us", "reason", "packet_time"),
    [
        (0, TimeReason.ZERO, ""),
        (BASE_US + AHEAD_US + 1, TimeReason.FUTURE, "2026-11-23T09:02:20.000001Z"),
        (BASE_US + 30 * HOUR_US, TimeReason.FUTURE, "2026-11-24T14:53:20.000000Z"),
        (OLDEST_US - 1, TimeReason.PAST, "2026-11-16T08:53:19.999999Z"),
        ((1 << 32) * 1_000_000, TimeReason.FUTURE, "2106-02-07T06:28:16.000000Z"),
    ],
)
def test_another_becomes_that_of_arrival_and_is_kept_beside(
    sent_us: int, reason: TimeReason, packet_time: str
) -> None:
    """So that Loki takes the line, and its own time is not lost."""
    found = moment_of(sent_us, BASE_US, oldest_us=OLDEST_US)
    assert found == Moment(BASE_US, packet_time, reason)


def test_a_mistake_that_is_known_is_undone() -> None:
    """As the writer does."""
    found = moment_of(BASE_US + NTP_OFFSET_US, BASE_US, oldest_us=OLDEST_US)
    assert found == Moment(BASE_US, "", TimeReason.NTP_ERA)
