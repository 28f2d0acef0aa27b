"""KPI ratios: the worked examples of RFC 6076 and of the telephone ratios."""

from collections.abc import Callable

import pytest

from hepscope_common.calls.kpi import (
    Ratio,
    Statuses,
    abr,
    asr,
    ira,
    is_failure,
    isa,
    ner,
    redirected,
    scr,
    seer,
    ser,
    total,
)

# A thousand attempts; the INVITEs that follow the 302 are among the rest.
THOUSAND: Statuses = {
    200: 600,
    302: 20,
    486: 100,
    480: 50,
    603: 10,
    404: 100,
    503: 40,
    408: 20,
    487: 60,
}


@pytest.mark.parametrize(
    ("ratio", "expected"), [(ser, 61.22), (seer, 77.55), (isa, 6.00), (asr, 60.00), (ner, 82.00)]
)
def test_thousand_attempts(ratio: Callable[[Statuses], Ratio], expected: float) -> None:
    """Percent, to two digits."""
    assert ratio(THOUSAND).percent == pytest.approx(expected, abs=0.005)


def test_completed_sessions() -> None:
    """590 of the 600 that were answered got BYE and its 200."""
    assert (total(THOUSAND), redirected(THOUSAND)) == (1000, 20)
    assert scr(THOUSAND, 590) == Ratio(590, 1000)
    assert scr(THOUSAND, 590).percent == 59.0


def test_ineffective_registrations() -> None:
    """500 registrations: 8 refused, 2 without answer, 15 that gave up after the challenge."""
    assert ira({200: 475, 403: 8, None: 2, 401: 15}) == Ratio(10, 500)


def test_redirected_session_counts_by_its_follow_up() -> None:
    """302, then 200 = 1 / (2 - 1)."""
    assert ser({302: 1, 200: 1}).percent == 100.0


def test_bids_are_first_attempts() -> None:
    """The INVITE that follows a 302 is no bid of its own."""
    assert abr({302: 1, 200: 1}, 1) == Ratio(1, 1)


@pytest.mark.parametrize("ratio", [ser, seer, isa, asr, ner, ira])
def test_ratio_of_nothing_is_undefined(ratio: Callable[[Statuses], Ratio]) -> None:
    """Neither 0 nor 100 would be true."""
    assert ratio({}).percent is None


def test_demand_for_credentials_is_no_failure() -> None:
    """But no answer at all is one."""
    every = [200, 302, 401, 402, 404, 407, 500, None]

    assert [status for status in every if is_failure(status)] == [404, 500, None]
