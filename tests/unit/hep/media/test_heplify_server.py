"""X-RTP-Stat as heplify-server rates it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.media.heplify_server import XrtpValues, rate_x_rtp_stat

AVM = (
    "CS=123;PS=131918;ES=132131;OS=21106880;PR=132118;ER=132131;OR=21138880;PL=22,33;EN=PCMA;"
    "DE=PCMA;JI=23,111;DL=34,25,70;IP=192.0.2.1:7078,192.0.2.2:21518"
)


def formula(r: float) -> float:
    """Return the MOS of a rating by the cubic."""
    return 1 + 0.035 * r + 0.000007 * r * (r - 60) * (100 - r)


def test_values_of_a_header() -> None:
    """55 of 264036 are 0 % in whole numbers; latency 2·23 + 34 + 10 is 90."""
    read = rate_x_rtp_stat(AVM)

    assert read == XrtpValues(0.123, 22, 33, 23, 111, 34, read.mos)
    assert read.mos == pytest.approx(formula(93.2 - 90 / 40))


@pytest.mark.parametrize(
    ("value", "r"),
    [
        ("", 93.2 - 10 / 40),
        ("JI=75,0", 93.2 - (160 - 120) / 10),
        ("PL=1,0;PS=50;PR=49", 93.2 - 10 / 40 - 2.5),
        ("PL=1,1;PS=50;PR=51", 93.2 - 10 / 40 - 2.5),
        ("PL=0,0;PS=-2;PR=1", 93.2 - 10 / 40),
        ("PL=-1,0;PS=50;PR=49", 93.2 - 10 / 40 + 2.5),
    ],
)
def test_the_formula_in_whole_numbers(value: str, r: float) -> None:
    """A header with none of the keys is rated as a clean call, as there."""
    assert rate_x_rtp_stat(value).mos == pytest.approx(formula(r))


def test_no_packets_at_all_do_not_divide() -> None:
    """PR=-1;PS=1 ends heplify-server."""
    assert rate_x_rtp_stat("PR=-1;PS=1;PL=9,9").mos == pytest.approx(formula(93.2 - 10 / 40))


@pytest.mark.parametrize("value", ["PL=40,0;PS=1;PR=1", "JI=9000,0"])
def test_a_mos_out_of_range_is_1(value: str) -> None:
    """Also one that the cubic would put above 5."""
    assert rate_x_rtp_stat(value).mos == 1


@pytest.mark.parametrize(
    "value", ["PL=5;JI=5;DL=5", "PL=a,b;JI=1.5,x;DL=-,-,-;CS=x", "PL=1,2,3;DL=1,2"]
)
def test_lists_of_another_length_or_kind_leave_the_gauges_alone(value: str) -> None:
    """Two losses, two jitters, three delays, all whole."""
    assert rate_x_rtp_stat(value)[:-1] == (None,) * 6


@given(st.one_of(st.text(max_size=60), st.from_regex(r"(P[LRS]=-?[0-9]{1,25},?;?){1,4}")))
def test_any_text_has_a_mos(value: str) -> None:
    """From 1 to 5, and never an error."""
    assert 1 <= rate_x_rtp_stat(value).mos <= 5
