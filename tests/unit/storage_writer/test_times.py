"""Tests of the reading of packet times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_storage_writer.times import (
    AHEAD_US,
    DAY_US,
    FIRST_US,
    LAST_US,
    NTP_OFFSET_US,
    Reading,
    TimeReason,
    read_time,
)

NOW = 1_764_000_000_123_456
KEEP = 30 * DAY_US


def swap(value: int) -> int:
    """Return a 32-bit field as a little-endian sender writes it."""
    return int.from_bytes(value.to_bytes(4, "big"), "little")


@pytest.mark.parametrize("sent", [NOW, NOW - KEEP, NOW + AHEAD_US])
def test_a_plausible_time_is_used_as_it_came(sent: int) -> None:
    """Up to an hour ahead and as old as the oldest data, nothing is replaced."""
    assert read_time(sent, NOW, oldest_us=NOW - KEEP) == Reading(sent, sent)


@pytest.mark.parametrize("sent", [0, 999_999])
def test_zero_seconds_are_no_time(sent: int) -> None:
    """Without seconds there is nothing to keep or to measure with."""
    assert read_time(sent, NOW, oldest_us=NOW - KEEP) == Reading(NOW, NOW, reason=TimeReason.ZERO)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (NOW + AHEAD_US + 1, TimeReason.FUTURE),
        (NOW - KEEP - 1, TimeReason.PAST),
        (1_100_000_000_000_000, TimeReason.PAST),
    ],
)
def test_an_implausible_time_still_measures(sent: int, reason: TimeReason) -> None:
    """The row is placed by the receive time, the packet's own time orders and is kept."""
    assert read_time(sent, NOW, oldest_us=NOW - KEEP) == Reading(NOW, sent, sent, reason=reason)


@pytest.mark.parametrize("sent", [86_400_000_000, 4_294_967_295_999_999])
def test_an_absurd_time_is_kept_but_does_not_measure(sent: int) -> None:
    """1970 and 2106 are kept beside the row and used for nothing."""
    found = read_time(sent, NOW, oldest_us=NOW - KEEP)

    assert (found.time_us, found.clock_us, found.capture_us) == (NOW, NOW, sent)


@pytest.mark.parametrize(
    ("sent", "meant", "reason"),
    [
        (NOW + NTP_OFFSET_US, NOW, TimeReason.NTP_ERA),
        (swap(1_764_000_000) * 10**6 + 123_456, NOW, TimeReason.BYTE_SWAPPED),
        (swap(1_764_000_000) * 10**6 + swap(123_456), NOW, TimeReason.BYTE_SWAPPED),
        (swap(1_764_000_000) * 10**6 + swap(1), NOW - 123_455, TimeReason.BYTE_SWAPPED),
        (NOW // 1000 % 2**32 * 10**6, NOW // 1000 * 1000, TimeReason.MILLISECONDS),
    ],
)
def test_a_known_mistake_is_undone(sent: int, meant: int, reason: TimeReason) -> None:
    """The time that was meant is used everywhere, the one sent is kept aside."""
    assert read_time(sent, NOW, oldest_us=NOW - KEEP) == Reading(meant, meant, None, sent, reason)


def test_milliseconds_are_found_across_their_wrap() -> None:
    """A packet from before the wrap of 2^32 ms, received after it, is still recognised."""
    received = (2**32 * 410 + 500) * 1000
    sent = (2**32 - 500) * 10**6

    found = read_time(sent, received, oldest_us=received - KEEP)

    assert (found.time_us, found.reason) == (received - 1_000_000, TimeReason.MILLISECONDS)


@given(st.integers(0, 2**32 * 10**6 + 2**32), st.integers(FIRST_US + KEEP, LAST_US - DAY_US))
def test_every_time_is_placed_plausibly(sent: int, received: int) -> None:
    """Whatever was sent, the row lies near its receive time and no own time is lost."""
    found = read_time(sent, received, oldest_us=received - KEEP)

    assert received - KEEP <= found.time_us <= received + AHEAD_US
    assert FIRST_US <= found.clock_us <= LAST_US
    assert found.reason is TimeReason.ZERO or sent in (
        found.time_us,
        found.capture_us,
        found.sent_us,
    )
