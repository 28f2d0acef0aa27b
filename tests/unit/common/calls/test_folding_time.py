"""Folding as time passes: timers, disorder, and what is remembered."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls import (
    Attempt,
    AttemptFolding,
    AttemptOutcome,
    Event,
    EventKind,
    signal_of,
)
from hepscope_common.calls.exchange import MAX_TRANSACTIONS
from hepscope_common.calls.folding import MAX_EARLY
from unit.common.calls.folded import NEVER_US, events_of, fold, statuses
from unit.common.calls.samples import (
    SECOND_US,
    START_US,
    Seen,
    any_call,
    make_request,
    make_response,
)


def closes_at(call: Sequence[Seen], seconds: float) -> bool:
    """Tell whether the only attempt is settled ``seconds`` after the start, and not before."""
    end_us = START_US + round(seconds * SECOND_US)
    return fold(call, end_us - 1) == [] and len(fold(call, end_us)) == 1


def test_attempt_without_answer_closes_after_32_seconds() -> None:
    """100 says only that the next hop is there."""
    call = [make_request("INVITE", 0), make_response(100, 1)]

    assert closes_at(call, 32)
    assert fold(call)[0].outcome is AttemptOutcome.TIMEOUT


def test_request_sent_again_after_its_time_is_no_attempt() -> None:
    """RFC 6076 4.2: those with the same branch are ignored; a new transaction is another try."""
    for method in ("INVITE", "REGISTER"):
        call = [make_request(method, at) for at in (0, 31.0, 36.5, 63)]
        again = [
            make_request(method, 33, cseq=2, branch="z2"),
            make_response(200, 34, method=method, cseq=2, branch="z2"),
        ]

        assert statuses(call) == [None]
        assert [attempt.requests for attempt in fold(call)] == [4]
        assert statuses([call[0], make_request(method, 33)]) == [None, None]
        assert statuses(call[:2] + again) == [None, 200]
        assert [one.follows_redirection for one in fold(call[:2] + again)] == [False, False]


def test_attempt_that_rang_closes_after_180_seconds() -> None:
    """Timer C, started again by each provisional response."""
    call = [make_request("INVITE", 0), make_response(180, 5), make_response(183, 20)]

    assert closes_at(call, 200)


def test_answer_that_comes_too_late_does_not_count() -> None:
    """By packet time alone, whether or not anybody looked at the clock meanwhile."""
    call = [make_request("INVITE", 0), make_response(200, 33)]
    folding = AttemptFolding()

    events = [event for seen in call for event in folding.feed(signal_of(*seen))]

    assert [(kind, attempt.status) for kind, attempt in events] == [
        (EventKind.OPENED, None),
        (EventKind.SETTLED, None),
    ]


def test_recording_has_its_own_time() -> None:
    """A packet a day old that arrives now waits its 32 s from now on."""
    message, envelope = make_request("INVITE", 0)
    arrived_us = START_US + 86_400 * SECOND_US
    envelope.received_at_us = arrived_us
    folding = AttemptFolding()
    folding.feed(signal_of(message, envelope))

    assert folding.expire(arrived_us + 31 * SECOND_US) == []
    assert len(folding.expire(arrived_us + 32 * SECOND_US)) == 1


def test_response_heard_before_its_request_counts() -> None:
    """Two nodes deliver as they like."""
    (attempt,) = fold([make_response(180, 1), make_response(486, 2), make_request("INVITE", 0)])

    assert (attempt.status, attempt.request_delay_us) == (486, SECOND_US)


def test_responses_heard_before_their_request_are_taken_in_packet_time() -> None:
    """A call heard backwards still rang."""
    call = [make_response(200, 2), make_response(180, 1), make_request("INVITE", 0)]

    (attempt,) = fold(call)

    assert (attempt.status, attempt.request_delay_us) == (200, SECOND_US)


def test_responses_without_request_are_bounded() -> None:
    """The oldest are forgotten."""
    call = [make_response(200, 0, call_id=str(at)) for at in range(MAX_EARLY + 1)]
    first = make_request("INVITE", 1, call_id="0")
    last = make_request("INVITE", 1, call_id=str(MAX_EARLY))

    assert statuses([*call, first]) == [None]
    assert statuses([*call, last]) == [200]


def test_endless_retries_do_not_keep_an_attempt_open() -> None:
    """One client cannot hold it for ever."""
    call = []
    for cseq in range(MAX_TRANSACTIONS + 40):
        call.append(make_request("INVITE", cseq, cseq=cseq, branch=str(cseq)))
        call.append(make_response(407, cseq + 0.5, cseq=cseq, branch=str(cseq)))

    attempts = fold(call)

    assert attempts[0].retries == MAX_TRANSACTIONS - 1
    assert len(attempts) == 2


def test_flood_closes_the_oldest_attempts() -> None:
    """Counted, and each reported once."""
    folding = AttemptFolding(max_exchanges=10)
    settled: list[Attempt] = []
    for at in range(25):
        message, envelope = make_request("INVITE", at / 100, call_id=str(at))
        events = folding.feed(signal_of(message, envelope))
        settled += [attempt for kind, attempt in events if kind is EventKind.SETTLED]

    assert (folding.evicted, folding.exchanges) == (15, 10)
    assert [attempt.call_id for attempt in settled] == [str(at) for at in range(15)]


@settings(max_examples=300, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_nothing_is_told_twice_and_nothing_is_kept(call: list[Seen], chance: random.Random) -> None:
    """Whatever comes in whatever order: opened, settled and ended, each at most once."""
    chance.shuffle(call)
    folding = AttemptFolding()
    events: list[Event] = []
    for message, envelope in call:
        events += folding.feed(signal_of(message, envelope))
    events += folding.expire(NEVER_US)

    told = [(kind, id(attempt)) for kind, attempt in events]
    assert len(told) == len(set(told))
    opened = {one for kind, one in told if kind is EventKind.OPENED}
    assert opened == {one for kind, one in told if kind is EventKind.SETTLED}
    requests = sum(message.method in {"REGISTER", "INVITE", "BYE"} for message, _ in call)
    assert len(opened) <= requests
    assert (folding.exchanges, len(folding.sessions)) == (0, 0)


@settings(max_examples=200, deadline=None)
@given(any_call)
def test_looking_at_the_clock_changes_nothing(call: list[Seen]) -> None:
    """Messages in the order of time give the same whether or not time is told in between."""
    call.sort(key=lambda seen: seen[1].time_us)
    untold = AttemptFolding()
    events = [event for seen in call for event in untold.feed(signal_of(*seen))]
    events += untold.expire(NEVER_US)

    def summary(events: list[Event]) -> list[str]:
        return sorted(f"{kind} {attempt}" for kind, attempt in events)

    assert summary(events) == summary(events_of(call))
