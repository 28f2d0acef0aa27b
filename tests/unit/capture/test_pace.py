"""The timeline of a replay, and the cap on its rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.pace import LONGEST_STEP_SECONDS, MAX_SPEED, Pace, RateLimit

SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def dues(speed: float, times: list[float]) -> list[float]:
    """When packets at these seconds are due."""
    pace = Pace(speed)
    return [pace.due_seconds(START + round(time * SECOND)) for time in times]


def test_original_timing_keeps_distances() -> None:
    """The first packet is due at once, the others as far from it as they were."""
    assert dues(1, [5, 6.5, 6.5, 10]) == [0, 1.5, 1.5, 5]


def test_a_speed_divides_distances_and_max_makes_them_none() -> None:
    """Twice as fast is half the time."""
    assert dues(2, [5, 6, 10]) == [0, 0.5, 2.5]
    assert dues(MAX_SPEED, [5, 6, 10]) == [0, 0, 0]


def test_disorder_costs_nothing() -> None:
    """A packet from before is due before; the timeline does not grow by it."""
    assert dues(1, [5, 4.75, 6]) == [0, -0.25, 1]


def test_a_foreign_time_takes_no_time() -> None:
    """One damaged time neither stops the replay for years nor ends its pacing."""
    far = 10 * LONGEST_STEP_SECONDS
    assert dues(1, [1, 2, far, 3, 4]) == [0, 1, 1, 1, 2]


def test_a_packet_without_time_is_due_with_the_one_before() -> None:
    """Simple packets of pcapng may have none."""
    pace = Pace(1)
    assert pace.due_seconds(0) == 0
    assert pace.due_seconds(START) == 0
    assert pace.due_seconds(START + SECOND) == 1
    assert pace.due_seconds(0) == 1
    assert pace.due_seconds(START + 2 * SECOND) == 2


def test_a_further_file_of_the_same_minutes_follows() -> None:
    """Its first packet is due at once, the others as far from it as they were."""
    pace = Pace(1)
    assert [pace.due_seconds(START + at * SECOND) for at in (0, 60)] == [0, 60]
    pace.start_file()
    assert [pace.due_seconds(START + at * SECOND) for at in (1, 60)] == [60, 119]


def test_the_silence_between_rotated_files_is_kept() -> None:
    """The next file of one capture goes on where the last one ended."""
    pace = Pace(1)
    pace.due_seconds(START)
    pace.start_file()
    assert pace.due_seconds(START + 3 * SECOND) == 3


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    """Five at once, then one every tenth of a second."""
    limit = RateLimit(10, 5)
    delays = [limit.delay_seconds(100.0) for _ in range(8)]
    assert delays == pytest.approx([0, 0, 0, 0, 0, 0.1, 0.2, 0.3])


def test_a_pause_earns_one_burst_at_most() -> None:
    """After an hour of silence there is no hour's worth of packets."""
    limit = RateLimit(10, 5)
    limit.delay_seconds(0.0)
    delays = [limit.delay_seconds(3600.0) for _ in range(7)]
    assert delays == pytest.approx([0, 0, 0, 0, 0, 0.1, 0.2])


@given(st.lists(st.floats(0, 0.5), max_size=60))
def test_no_second_holds_more_than_rate_and_burst(pauses: list[float]) -> None:
    """Whenever packets come, none leaves too early."""
    limit, now, left = RateLimit(20, 4), 0.0, []
    for pause in pauses:
        now += pause
        left.append(now + limit.delay_seconds(now))
    for first in left:
        assert sum(first <= time < first + 1 for time in left) <= 20 + 4
