"""Call state: the words of the API, their precedence and their timeouts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.calls import CallState, call_state
from hepscope_common.calls.state import SECOND_US
from unit.common.calls.samples import START_US

SOME = st.one_of(st.none(), st.integers(START_US, START_US + 400 * SECOND_US))


def state(
    status: int | None = None,
    *,
    now: float = 1,
    ringing: float | None = None,
    answered: float | None = None,
    cancelled: float | None = None,
    bye: float | None = None,
    method: str = "INVITE",
) -> CallState:
    """Return the state with times in seconds after the INVITE."""

    def us(at: float | None) -> int | None:
        return None if at is None else START_US + round(at * SECOND_US)

    return call_state(
        method,
        status,
        ringing_us=us(ringing),
        answered_us=us(answered),
        cancelled_us=us(cancelled),
        bye_us=us(bye),
        invite_us=START_US,
        now_us=START_US + round(now * SECOND_US),
    )


def test_setup_lasts_32_seconds() -> None:
    """Then the INVITE has timed out."""
    assert state(now=32) is CallState.SETUP
    assert state(now=32.001) is CallState.TIMEOUT


def test_ringing_lasts_180_seconds_from_the_18x() -> None:
    """Not from the INVITE."""
    assert state(ringing=20, now=199) is CallState.RINGING
    assert state(ringing=20, now=200.001) is CallState.TIMEOUT


def test_answer_stays_until_bye() -> None:
    """No timeout ends an answered call."""
    assert state(200, answered=5, ringing=1, now=9999) is CallState.ANSWERED
    assert state(200, answered=5, bye=60, now=9999) is CallState.COMPLETED


@pytest.mark.parametrize("status", [487, None])
def test_cancelled(status: int | None) -> None:
    """By 487, with or without a CANCEL seen, or by a CANCEL that has no final."""
    assert state(status, cancelled=3, ringing=1, now=9999) is CallState.CANCELLED
    assert state(487, ringing=1) is CallState.CANCELLED


def test_final_other_than_487_beats_a_cancel() -> None:
    """The CANCEL came too late."""
    assert state(486, cancelled=3) is CallState.FAILED
    assert state(200, answered=2.9, cancelled=3) is CallState.ANSWERED


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (300, CallState.FAILED),
        (302, CallState.FAILED),
        (404, CallState.FAILED),
        (407, CallState.FAILED),
        (408, CallState.TIMEOUT),
        (603, CallState.FAILED),
        (700, CallState.FAILED),
    ],
)
def test_other_finals(status: int, expected: CallState) -> None:
    """408 is a timeout whoever says it; everything else from 300 has failed."""
    assert state(status) is expected


def test_late_final_beats_the_timeout() -> None:
    """A timeout is only a guess for want of a final."""
    assert state(486, now=999) is CallState.FAILED


@pytest.mark.parametrize("status", [401, 407])
def test_challenged_call_that_rings_is_under_way(status: int) -> None:
    """The 18x can only belong to the retry."""
    assert state(status, ringing=2, now=3) is CallState.RINGING
    assert state(status, ringing=2, now=300) is CallState.TIMEOUT
    assert state(status, cancelled=2) is CallState.CANCELLED


def test_bye_before_any_final_ends_nothing() -> None:
    """Completed takes a 2xx and a BYE."""
    assert state(ringing=1, bye=2, now=3) is CallState.RINGING


def test_other_methods_are_other() -> None:
    """States are those of an INVITE."""
    assert state(200, method="OPTIONS") is CallState.OTHER
    assert state(None, method="", now=9999) is CallState.OTHER


@given(
    method=st.sampled_from(["INVITE", "BYE", ""]),
    status=st.one_of(st.none(), st.integers(200, 999)),
    times=st.tuples(SOME, SOME, SOME, SOME, SOME),
    now_us=st.integers(0, 1 << 62),
)
def test_every_combination_has_one_state(
    method: str,
    status: int | None,
    times: tuple[int | None, int | None, int | None, int | None, int | None],
    now_us: int,
) -> None:
    """Total, and "other" exactly for what is no INVITE."""
    ringing_us, answered_us, cancelled_us, bye_us, invite_us = times

    result = call_state(
        method,
        status,
        ringing_us=ringing_us,
        answered_us=answered_us,
        cancelled_us=cancelled_us,
        bye_us=bye_us,
        invite_us=invite_us,
        now_us=now_us,
    )

    assert (result is CallState.OTHER) == (method != "INVITE")
