"""NTP times and round trips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.rtcp import middle_bits, ntp_to_us, round_trip_us, tapped_round_trip_us, us_to_ntp
from hep.rtcp.clock import MAX_ROUND_TRIP_US

# 2017-08-13 12:15:44.302266 UTC, and the NTP timestamp that Wireshark reads so.
TIME_US = 1_502_626_544_302_265
NTP = 0xDD3AC1704D614DF8


def test_ntp_counts_from_1900() -> None:
    """2,208,988,800 seconds before Unix, in fractions of 2**-32 s."""
    assert ntp_to_us(NTP) == TIME_US
    assert middle_bits(NTP) == 0xC1704D61


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_time_comes_back(time_us: int) -> None:
    """To the microsecond, also beyond 2036, when the seconds begin anew."""
    assert ntp_to_us(us_to_ntp(time_us), near_us=time_us + 1_000_000) == time_us


def test_the_era_is_told_by_the_time_nearby() -> None:
    """Without it, small seconds are those after 2036-02-07 06:28:16."""
    assert ntp_to_us(1 << 32) == (2**32 - 2_208_988_800 + 1) * 1_000_000
    assert ntp_to_us(1 << 32, near_us=-2_208_988_000_000_000) == -2_208_988_799_000_000


def test_the_round_trip_of_the_rfc_example() -> None:
    """RFC 3550 figure 2: LSR b705:2000, DLSR 5.250 s, arrival b710:8000 give 6.125 s."""
    ntp = 0xB44DB710_80000000
    arrival_us = ntp_to_us(ntp)

    assert round_trip_us(arrival_us, 0xB7052000, 0x00054000) == 6_125_000


@pytest.mark.parametrize(("lsr", "dlsr"), [(0, 0), (0xB7108000, 1), (0xB7008000, 0)])
def test_no_round_trip_without_sr_or_of_impossible_length(lsr: int, dlsr: int) -> None:
    """LSR 0, a negative result, and one of 16 s."""
    assert round_trip_us(ntp_to_us(0xB44DB710_80000000), lsr, dlsr) is None


def test_a_tap_sees_the_way_to_the_reporter_and_back() -> None:
    """Both packets by the clock of the tap, less what the reporter waited."""
    assert tapped_round_trip_us(1_000_000, 1_000_000 + 5_250_000 + 42_000, 0x00054000) == 42_000
    assert tapped_round_trip_us(1_000_000, 1_000_000, 1) is None
    assert tapped_round_trip_us(0, MAX_ROUND_TRIP_US + 1, 0) is None
