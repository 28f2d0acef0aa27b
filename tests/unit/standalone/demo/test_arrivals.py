"""When the calls of the demo begin."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hepscope_standalone.demo.arrivals import MINUTE_US, arrivals, level

DAY_US = 24 * 60 * MINUTE_US


@given(
    st.integers(0, 500),
    st.integers(0, 10 * DAY_US),
    st.integers(1, 3 * 60 * MINUTE_US),
    st.integers(),
)
def test_arrivals_are_ascending_and_within_the_period(
    count: int, start_us: int, length_us: int, seed: int
) -> None:
    """As many as asked for, none outside, whatever the period."""
    times = arrivals(Random(seed), count, start_us, start_us + length_us)

    assert len(times) == count
    assert times == sorted(times)
    assert all(start_us <= time < start_us + length_us for time in times)


def test_morning_is_busier_than_night() -> None:
    """The level follows the hours of an office."""
    assert level(9 * 60 * MINUTE_US) > 5 * level(2 * 60 * MINUTE_US)


def test_full_hour_begins_with_a_rush() -> None:
    """More calls begin in the first five minutes than in the last five before them."""
    nine = 9 * 60 * MINUTE_US
    times = arrivals(Random(1), 2000, nine - 30 * MINUTE_US, nine + 30 * MINUTE_US)

    before = sum(nine - 5 * MINUTE_US <= time < nine for time in times)
    after = sum(nine <= time < nine + 5 * MINUTE_US for time in times)
    assert after > 1.3 * before
