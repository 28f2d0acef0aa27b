"""Attempts: outcome and delays of one that is over."""

import pytest

from hepscope_common.calls import Attempt, AttemptOutcome


def attempt(
    status: int | None,
    *,
    method: str = "INVITE",
    provisional: int | None = None,
    progress: int | None = None,
    final: int | None = None,
    session: int = 0,
) -> Attempt:
    """Return a settled attempt that began at 0 us."""
    return Attempt(
        method=method,
        call_id="c",
        from_tag="a",
        node="",
        started_us=0,
        session_us=session,
        provisional_us=provisional,
        progress_us=progress,
        final_us=final,
        status=status,
        is_settled=True,
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (None, AttemptOutcome.TIMEOUT),
        (202, AttemptOutcome.SUCCESS),
        (302, AttemptOutcome.REDIRECTED),
        (402, AttemptOutcome.CHALLENGED),
        (407, AttemptOutcome.CHALLENGED),
        (487, AttemptOutcome.CANCELLED),
        (408, AttemptOutcome.FAILED),
        (999, AttemptOutcome.FAILED),
    ],
)
def test_outcome_by_status(status: int | None, outcome: AttemptOutcome) -> None:
    """Every status has one."""
    assert attempt(status).outcome is outcome


def test_request_delay_ends_at_the_first_sign_of_progress() -> None:
    """RFC 6076 4.3: the provisional response, else the final."""
    assert attempt(200, provisional=1_350_000, final=5_000_000).request_delay_us == 1_350_000
    assert attempt(200, final=2_100_000).request_delay_us == 2_100_000
    failed = attempt(404, final=300_000)
    assert (failed.request_delay_us, failed.is_answered) == (300_000, False)


def test_request_delay_counts_from_the_first_invite() -> None:
    """A redirection does not stop the clock."""
    assert attempt(200, final=2_000_000, session=-500_000).request_delay_us == 2_500_000


@pytest.mark.parametrize("status", [302, 401, 402, None])
def test_attempts_without_indication_have_no_delay(status: int | None) -> None:
    """Neither successful nor failed in the RFC's sense."""
    assert attempt(status, final=1).request_delay_us is None


def test_post_dial_delay_is_what_the_caller_waits_for() -> None:
    """180, or 183 with SDP, else the answer; a failure gives none."""
    assert attempt(486, progress=800_000, final=5_000_000).post_dial_delay_us == 800_000
    assert attempt(200, final=2_100_000).post_dial_delay_us == 2_100_000
    assert attempt(404, final=300_000).post_dial_delay_us is None


def test_registration_delay_is_that_to_success() -> None:
    """RFC 6076 4.1; failures have none, and no session delay either."""
    registered = attempt(200, method="REGISTER", final=92_000)
    assert registered.registration_delay_us == 92_000
    assert (registered.request_delay_us, registered.post_dial_delay_us) == (None, None)
    assert attempt(403, method="REGISTER", final=92_000).registration_delay_us is None
    assert attempt(200, final=92_000).registration_delay_us is None


def test_session_that_goes_on_has_no_duration_yet() -> None:
    """Nor has one whose BYE waits for its answer."""
    under_way = attempt(200, final=1_000_000)
    assert (under_way.duration_us, under_way.disconnect_delay_us) == (None, None)
    under_way.bye_us = 9_000_000
    assert (under_way.duration_us, under_way.disconnect_delay_us) == (None, None)
    assert not under_way.is_completed
