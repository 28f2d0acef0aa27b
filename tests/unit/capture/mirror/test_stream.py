"""The numbers of one stream: what is missing, what came twice, what is neither."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.mirror.stream import WINDOW, RtpStream
from support.rtp_packets import PTIME_US, shown

KEY = (b"\1\2\3\4", 30_000, b"\5\6\7\10", 40_000, 1)
HOUR_US = 3_600_000_000
SHARE = st.floats(0, 0.9)


def taken(numbers: Iterable[int], times: Iterable[int] | None = None) -> RtpStream:
    """Return a stream of packets with these numbers, by default sent when it was their turn."""
    found: RtpStream | None = None
    numbers = list(numbers)
    for number, time_us in zip(numbers, times or (one * PTIME_US for one in numbers), strict=True):
        sequence = number & 0xFFFF
        found = found or RtpStream(KEY, "", 8, sequence, sequence, time_us, time_us)
        found.take(sequence, time_us)
    assert found is not None
    return found


def outcome(stream: RtpStream) -> tuple[int, int, int, int]:
    """Return packets, missing, duplicate and restarts; both ways of counting agree."""
    lacking = stream.lacking
    stream.settle()
    counts = stream.counts
    assert (counts.packets, counts.missing) == (stream.packets, stream.missing)
    assert (lacking, counts.duplicate) == (stream.missing, stream.duplicate)
    return stream.packets, stream.missing, stream.duplicate, counts.restarts


@given(st.integers(0, 65_535), st.integers(1, 400), st.integers(0, 9999), st.tuples(*[SHARE] * 3))
def test_loss_disorder_and_doubles(
    first: int, count: int, seed: int, shares: tuple[float, float, float]
) -> None:
    """In any mixture, from any number on, each is told from the others."""
    loss, twice, late = shares
    fault = shown(count, seed, loss=loss / 2, twice=twice, late=late)
    found = outcome(taken(first + number for number in fault.shown))
    assert found == (len(fault.shown), fault.missing, fault.duplicate, 0)


@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, HOUR_US))))
def test_any_numbers_at_any_time(packets: list[tuple[int, int]]) -> None:
    """No order of anything raises, or counts more doubles than packets."""
    stream = RtpStream(KEY, "", 8, 0, 0, 0, 0)
    for sequence, time_us in packets:
        stream.take(sequence, time_us)
    count, missing, duplicate, restarts = outcome(stream)
    assert count == len(packets)
    assert missing >= 0
    assert duplicate + restarts <= count


def test_late_is_not_missing_for_as_long_as_it_may_come() -> None:
    """A packet that leaves the window is missing, one within it only if it never comes."""
    late = taken([*range(10), *range(11, 10 + WINDOW), 10])
    assert outcome(late) == (10 + WINDOW, 0, 0, 0)
    assert late.counts.late == 1
    lost = taken([*range(10), *range(11, 11 + WINDOW)])
    assert lost.counts.missing == 1
    assert outcome(lost) == (10 + WINDOW, 1, 0, 0)


@pytest.mark.parametrize("count", [50, 101, 3000, 15_000, 32_000])
def test_a_mirror_that_paused_lacks_what_was_sent_meanwhile(count: int) -> None:
    """As many packets as the time is long enough for, however many."""
    assert outcome(taken([*range(100), *range(100 + count, 200 + count)])) == (200, count, 0, 0)


@pytest.mark.parametrize("jump", [150, 5000, 30_000, 40_000, 65_000])
def test_new_numbers_are_no_loss(jump: int) -> None:
    """A sender that begins anew without a pause: too many packets for the time."""
    numbers = [*range(100), *range(100 + jump, 200 + jump)]
    assert outcome(taken(numbers, range(0, 20_000 * 200, 20_000))) == (200, 0, 0, 1)


def test_numbers_that_begin_again_after_a_pause_are_no_doubles() -> None:
    """Announcements are often played with the same numbers each time."""
    times = [number * PTIME_US for number in [*range(100), *range(300, 400)]]
    assert outcome(taken([*range(100), *range(100)], times)) == (200, 0, 0, 1)


def test_loss_behind_a_restart_counts() -> None:
    """Also between the two packets that make it certain."""
    numbers = [*range(10), 5000, 5003, 5004, 5006]
    assert outcome(taken(numbers, range(0, 20_000 * 14, 20_000))) == (14, 3, 0, 1)


def test_what_was_missing_before_a_restart_counts() -> None:
    """Although it can no longer come."""
    numbers = [*range(10), 12, 13, *range(5000, 5010)]
    assert outcome(taken(numbers, range(0, 20_000 * 22, 20_000))) == (22, 2, 0, 1)


def test_new_numbers_begin_with_the_first_packet_that_had_them() -> None:
    """It came once: the second time it is a double, and what comes before it is late."""
    numbers = [*range(10), 5000, 5001, 5000, 4999]
    found = taken(numbers, range(0, 20_000 * 14, 20_000))
    assert outcome(found) == (14, 0, 1, 1)
    assert found.counts.late == 1


def test_the_usual_time_between_packets_is_that_of_the_new_numbers() -> None:
    """The pause before them says nothing about them."""
    numbers = [*range(40_000, 40_010), *range(40_210, 40_220)]
    times = [one * PTIME_US for one in range(10)]
    times += [HOUR_US + one * PTIME_US for one in numbers]
    assert outcome(taken([*range(10), *numbers], times)) == (30, 200, 0, 1)


def test_without_times_only_a_small_hole_is_a_loss() -> None:
    """A large one may be anything."""
    numbers = [*range(10), *range(20, 30), *range(5000, 5010)]
    assert outcome(taken(numbers, [0] * 30)) == (30, 10, 0, 1)


def test_one_odd_packet_is_no_restart() -> None:
    """The stream goes on as if it had not been there."""
    numbers = [*range(50), 9999, *range(50, 100)]
    assert outcome(taken(numbers, range(0, 20_000 * 101, 20_000))) == (101, 0, 0, 0)


def test_every_packet_twice() -> None:
    """A mirror of two ports that both see a call, also while the sender begins anew."""
    numbers = [number for number in (*range(60), *range(9000, 9060)) for _ in range(2)]
    count, missing, duplicate, restarts = outcome(taken(numbers, range(0, 20_000 * 240, 20_000)))
    assert (count, missing, restarts) == (240, 0, 1)
    assert duplicate == 119  # of the first of the new numbers, the second one is in doubt


def test_earlier_packets_come_first_late() -> None:
    """A capture that begins in the middle of disorder."""
    assert outcome(taken([7, 5, 8, 4])) == (4, 1, 0, 0)
