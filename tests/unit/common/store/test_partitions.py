"""Bins of time and the memory of leaves; making leaves is an integration test."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.store.partitions import ORIGIN_US, LeafCache, bin_start

DAY_US = 86_400_000_000
times = st.integers(min_value=-(10**16), max_value=10**16)


@given(times, st.integers(min_value=1, max_value=10**13))
def test_bin_holds_its_time_and_counts_from_2000(time_us: int, width_us: int) -> None:
    """A bin starts at or before its time, less than a width, a whole number of widths from 2000."""
    start = bin_start(time_us, width_us)

    assert start <= time_us < start + width_us
    assert (start - ORIGIN_US) % width_us == 0


def test_day_bins_start_at_utc_midnight() -> None:
    """2026-01-31T23:59:59.999999Z belongs to the day that began at midnight."""
    assert bin_start(1_769_903_999_999_999, DAY_US) == 1_769_817_600_000_000


def test_new_cache_knows_nothing() -> None:
    """Before the database was asked there is no answer, which differs from "a stray"."""
    assert LeafCache().find("sip_call", 0) is None
