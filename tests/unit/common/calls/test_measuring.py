"""Measuring: a pure function of the messages and of the time."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls import Signal, is_followed, signal_of
from hepscope_common.calls.measuring import Filed, measure
from unit.common.calls.samples import (
    BOB,
    PROXY,
    SECOND_US,
    START_US,
    Seen,
    answered_call,
    any_call,
    make_request,
    make_response,
)

NEVER_US = 1 << 60


def filed(seen: list[Seen]) -> list[Filed]:
    """Return what is followed, filed under its own time."""
    signals: list[Signal] = [signal_of(*one) for one in seen if is_followed(one[0])]
    return [Filed(signal, signal.time_us) for signal in signals]


@settings(max_examples=200, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_order_does_not_matter(call: list[Seen], chance: random.Random) -> None:
    """Whatever the messages are, ties in time included."""
    messages = filed(call)
    shuffled = chance.sample(messages, len(messages))

    assert measure(shuffled, NEVER_US) == measure(messages, NEVER_US)


@settings(max_examples=200, deadline=None)
@given(any_call)
def test_nothing_is_open_at_the_end_of_time(call: list[Seen]) -> None:
    """Every attempt is settled, and nobody needs to look again."""
    measurement = measure(filed(call), NEVER_US)

    assert measurement.due_us is None
    assert all(attempt.is_settled for attempt in measurement.attempts)


def test_one_look_when_it_is_due_is_enough() -> None:
    """A ringing call is open until three minutes after it rang."""
    call = filed([make_request("INVITE"), make_response(180, 2.0)])
    early = measure(call, START_US + 10 * SECOND_US)
    assert early.due_us is not None
    assert [attempt.is_settled for attempt in early.attempts] == [False]

    late = measure(call, early.due_us)

    assert late.due_us is None
    assert [(attempt.is_settled, attempt.status) for attempt in late.attempts] == [(True, None)]


def test_a_hang_up_under_way_is_looked_at_again() -> None:
    """The attempt is settled, its session is not over before Timer F."""
    call = filed(answered_call()[:-1])

    assert measure(call, START_US + 66 * SECOND_US).due_us == START_US + 98_400_000
    assert measure(call, START_US + 99 * SECOND_US).due_us is None


def test_one_node_is_named_in_the_overall_attempt() -> None:
    """There is no second row of it."""
    (attempt,) = measure(filed(answered_call()), NEVER_US).attempts

    assert (attempt.is_overall, attempt.nodes) == (True, ("n1",))


def test_a_node_that_saw_it_otherwise_has_a_row_of_its_own() -> None:
    """n1 sees the hop of the caller, n2 the one behind the proxy."""
    behind = [
        make_request("INVITE", 0.1, source=PROXY, destination=BOB, branch="z2", node="n2"),
        make_response(486, 0.9, source=BOB, destination=PROXY, branch="z2", node="n2"),
    ]
    before = [make_request("INVITE", 0.0), make_response(486, 1.0)]

    overall, other = measure(filed(before + behind), NEVER_US).attempts

    assert (overall.is_overall, overall.nodes, overall.srd_us) == (True, ("n1",), 1_000_000)
    assert (other.is_overall, other.nodes, other.srd_us) == (False, ("n2",), 800_000)


def test_an_attempt_is_filed_as_its_request_is() -> None:
    """The clock of the agent was wrong: times move together, delays stay."""
    messages = [Filed(one.signal, one.filed_us + 7_000) for one in filed(answered_call())]

    (attempt,) = measure(messages, NEVER_US).attempts

    assert attempt.started_us == START_US + 7_000
    assert attempt.answered_us == START_US + 5_007_000
    assert attempt.ended_us == START_US + 65_407_000
    assert (attempt.srd_us, attempt.duration_us) == (1_350_000, 60_400_000)


def test_no_messages_are_no_attempts() -> None:
    """And nothing is due."""
    assert measure([], 0) == measure(iter(()), NEVER_US)
