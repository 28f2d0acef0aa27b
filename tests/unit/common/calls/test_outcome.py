"""Outcomes: a call judged by its state and its final."""

import pytest

from hepscope_common.calls import CallFacts, final_key
from hepscope_common.calls.facts import MediaWorst
from hepscope_common.calls.outcome import CallOutcome, call_outcome

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
DAY = 86_400 * SECOND


def call(method: str = "INVITE", status: int | None = None, **seconds: float) -> CallFacts:
    """Return the facts of a call that began at START, with times by seconds after it."""
    facts = CallFacts("c", START, START, 0, method)
    if status is not None:
        facts.finals[method] = (final_key(START + SECOND, status), "")
    for name, value in seconds.items():
        setattr(facts, f"{name}_us", START + int(value * SECOND))
    return facts


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *[(code, CallOutcome.NOT_TAKEN) for code in (480, 486, 487, 600, 603)],
        *[(code, CallOutcome.REJECTED) for code in (300, 302, 401, 403, 404, 407, 488, 499)],
        *[(code, CallOutcome.FAULT) for code in (500, 503, 599, 604, 606, 700, 999)],
        (408, CallOutcome.NO_REPLY),
    ],
)
@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "REGISTER"])
def test_a_final_decides(method: str, status: int, outcome: CallOutcome) -> None:
    """By its code, whatever the method."""
    assert call_outcome(call(method, status), START + DAY) is outcome


@pytest.mark.parametrize(
    ("facts", "age_s", "outcome"),
    [
        (call(), 31, CallOutcome.IN_PROGRESS),
        (call(), 33, CallOutcome.NO_REPLY),
        (call(ringing=2), 60, CallOutcome.IN_PROGRESS),
        (call(ringing=2), 200, CallOutcome.NO_REPLY),
        (call(status=401, ringing=2), 60, CallOutcome.IN_PROGRESS),
        (call(cancelled=3), 5, CallOutcome.NOT_TAKEN),
        (call(status=200, answered=2), 3600, CallOutcome.IN_PROGRESS),
        (call(status=200, answered=2), 86_403, CallOutcome.ANSWERED),
        (call(status=200, answered=2, bye=9), 10, CallOutcome.ANSWERED),
        (call("OPTIONS"), 31, CallOutcome.IN_PROGRESS),
        (call("OPTIONS"), 33, CallOutcome.NO_REPLY),
        (call("REGISTER", 200), 1, CallOutcome.ANSWERED),
        (call("BYE", 200, bye=0), 1, CallOutcome.ANSWERED),
        (call("ACK"), 100, CallOutcome.ANSWERED),
        (call("BYE", answered=2, bye=9), 100, CallOutcome.ANSWERED),
        (call("CANCEL", 200, cancelled=0), 100, CallOutcome.NOT_TAKEN),
        (call(""), 100, CallOutcome.NO_REPLY),
    ],
)
def test_without_a_final_time_decides(facts: CallFacts, age_s: int, outcome: CallOutcome) -> None:
    """What is under way, what nobody answered, and what capture saw a piece of."""
    assert call_outcome(facts, START + age_s * SECOND) is outcome


@pytest.mark.parametrize(
    ("mos", "outcome"),
    [
        (None, CallOutcome.ANSWERED),
        (4.3, CallOutcome.ANSWERED),
        (3.6, CallOutcome.ANSWERED),
        (3.59, CallOutcome.POOR),
        (1.0, CallOutcome.POOR),
    ],
)
def test_an_answered_call_is_poor_below_a_mos_of_3_6(
    mos: float | None, outcome: CallOutcome
) -> None:
    """Of the worst report; of a call that talks nothing is said yet."""
    facts = call(status=200, answered=2, bye=9)
    facts.worst = MediaWorst(mos=mos, loss=0.1)
    talking = call(status=200, answered=2)
    talking.worst = facts.worst

    assert call_outcome(facts, START + DAY) is outcome
    assert call_outcome(talking, START + 60 * SECOND) is CallOutcome.IN_PROGRESS
