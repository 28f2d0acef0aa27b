"""Folding of attempts: challenges, retransmissions, forks, hops, redirections, timeouts."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls import Attempt, AttemptFolding, AttemptOutcome
from hepscope_common.calls.folding import MAX_EARLY, MAX_RETRIES
from unit.common.calls.samples import (
    ALICE,
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

NEVER_US = 1 << 62


def fold(call: Sequence[Seen], end_us: int = NEVER_US) -> list[Attempt]:
    """Return the attempts of messages in this order, time passing with them."""
    folding = AttemptFolding()
    closed: list[Attempt] = []
    for message, envelope in call:
        closed += folding.expire(envelope.time_us)
        closed += folding.feed(message, envelope)
    return closed + folding.expire(end_us)


def statuses(call: Sequence[Seen]) -> list[int | None]:
    """Return the statuses of the attempts of a call, INVITEs only."""
    return [attempt.status for attempt in fold(call) if attempt.method == "INVITE"]


def test_answered_call_is_one_attempt_and_one_hang_up() -> None:
    """SRD 1.35 s, SDD 100 ms."""
    invite, bye = fold(answered_call())

    assert (invite.status, invite.request_delay_us) == (200, 1_350_000)
    assert (bye.method, bye.success_delay_us) == ("BYE", 100_000)
    assert (invite.hop, invite.requests, invite.retries) == (1, 1, 0)


def test_answer_closes_an_attempt_at_once() -> None:
    """Nobody waits for a timer."""
    folding = AttemptFolding()
    folding.feed(*make_request("INVITE"))

    assert [a.status for a in folding.feed(*make_response(486, 1))] == [486]


def test_challenge_and_retry_are_one_attempt() -> None:
    """The RFC's own example: 407, then the INVITE that is answered."""
    (attempt,) = fold(
        [
            make_request("INVITE", 0),
            make_response(407, 0.1),
            make_request("ACK", 0.1),
            make_request("INVITE", 0.2, cseq=2, branch="z2"),
            make_response(180, 1, cseq=2, branch="z2"),
            make_response(200, 2, cseq=2, branch="z2"),
        ]
    )

    assert (attempt.status, attempt.retries) == (200, 1)
    assert attempt.request_delay_us == SECOND_US


def test_challenge_without_retry_stays_the_final() -> None:
    """The client gave up."""
    (attempt,) = fold([make_request("INVITE", 0), make_response(401, 0.1)])

    assert attempt.outcome is AttemptOutcome.CHALLENGED


def test_retry_without_answer_has_no_final() -> None:
    """The challenge was answered; the answer was not."""
    call = [
        make_request("INVITE", 0),
        make_response(407, 0.1),
        make_request("INVITE", 0.2, cseq=2, branch="z2"),
        make_response(407, 0.3),
    ]

    assert statuses(call) == [None]


def test_retransmissions_count_as_requests_only() -> None:
    """Also when they come after the answer."""
    call = [make_request("INVITE", at) for at in (0, 0.5, 1.5)]
    late = [make_response(200, 2), make_request("INVITE", 3), make_response(200, 3)]

    (attempt,) = fold(call + late)

    assert (attempt.status, attempt.requests) == (200, 4)


def test_two_nodes_that_see_one_hop_see_one_attempt() -> None:
    """Whichever of them is heard first."""
    call = [
        make_request("INVITE", 0.001, node="n2"),
        make_request("INVITE", 0.0, node="n1"),
        make_response(486, 1, node="n2"),
        make_response(486, 1, node="n1"),
    ]

    (attempt,) = fold(call)

    assert (attempt.started_us, attempt.requests) == (START_US, 2)


def test_fork_is_one_attempt_per_branch_and_one_for_the_caller() -> None:
    """Ratios are taken per hop, never over all of them."""
    down = {"b1": "sip:bob@192.0.2.3", "b2": "sip:bob@192.0.2.4"}
    call = [make_request("INVITE", 0)]
    call += [
        make_request("INVITE", 0.1, source=PROXY, destination=BOB, branch=b, uri=uri, vias=2)
        for b, uri in down.items()
    ]
    call += [
        make_response(486, 1, source=BOB, destination=PROXY, branch="b1", vias=2),
        make_response(200, 2, source=BOB, destination=PROXY, branch="b2", vias=2),
        make_response(200, 2.1),
    ]

    assert [(a.hop, a.status) for a in fold(call)] == [(2, 486), (2, 200), (1, 200)]


def test_redirected_invite_is_an_attempt_of_its_own() -> None:
    """Its delay runs from the first INVITE."""
    call = [
        make_request("INVITE", 0),
        make_response(302, 0.1),
        make_request("INVITE", 0.2, cseq=2, branch="z2", uri="sip:bob@elsewhere.example"),
        make_response(180, 1.0, cseq=2, branch="z2"),
        make_response(200, 2.0, cseq=2, branch="z2"),
    ]

    first, second = fold(call)

    assert (first.outcome, second.outcome) == (AttemptOutcome.REDIRECTED, AttemptOutcome.SUCCESS)
    assert (first.request_delay_us, second.request_delay_us) == (None, SECOND_US)


def test_re_invite_is_never_an_attempt() -> None:
    """It has a To tag."""
    assert fold([make_request("INVITE", 0, to_tag="b"), make_response(200, 1)]) == []


def test_cancelled_attempt_ends_with_its_487() -> None:
    """Not with the 200 to the CANCEL."""
    call = [
        make_request("INVITE", 0),
        make_response(180, 1),
        make_request("CANCEL", 2),
        make_response(200, 2.1, method="CANCEL"),
        make_response(487, 2.2),
    ]

    (attempt,) = fold(call)

    assert attempt.outcome is AttemptOutcome.CANCELLED


def closes_at(call: Sequence[Seen], seconds: float) -> bool:
    """Tell whether the only attempt closes ``seconds`` after the start, and not before."""
    end_us = START_US + round(seconds * SECOND_US)
    return fold(call, end_us - 1) == [] and len(fold(call, end_us)) == 1


def test_attempt_without_answer_closes_after_32_seconds() -> None:
    """100 says only that the next hop is there."""
    call = [make_request("INVITE", 0), make_response(100, 1)]

    assert closes_at(call, 32)
    assert fold(call)[0].outcome is AttemptOutcome.TIMEOUT


def test_attempt_that_rang_closes_after_180_seconds() -> None:
    """Timer C, started again by each provisional response."""
    call = [make_request("INVITE", 0), make_response(180, 5), make_response(183, 20)]

    assert closes_at(call, 200)


def test_registration_delay_has_the_challenge_inside() -> None:
    """REGISTER at 0, 401 at 40 ms, REGISTER at 45, 200 at 92: 92 ms."""
    (attempt,) = fold(
        [
            make_request("REGISTER", 0),
            make_response(401, 0.040, method="REGISTER"),
            make_request("REGISTER", 0.045, cseq=2, branch="z2"),
            make_response(200, 0.092, method="REGISTER", cseq=2, branch="z2"),
        ]
    )

    assert attempt.success_delay_us == 92_000


def test_refresh_is_a_registration_of_its_own() -> None:
    """Though Call-ID, tag and addresses are the same."""
    call = []
    for at, cseq in ((0.0, 1), (5.0, 2)):
        branch = str(cseq)
        call.append(make_request("REGISTER", at, cseq=cseq, branch=branch))
        call.append(make_response(200, at + 1, method="REGISTER", cseq=cseq, branch=branch))

    assert [attempt.success_delay_us for attempt in fold(call)] == [SECOND_US, SECOND_US]


def test_hang_up_goes_on_after_a_recoverable_error() -> None:
    """BYE at 0, 503 at 20 ms, BYE at 1000, 200 at 1030: 1030 ms."""
    (attempt,) = fold(
        [
            make_request("BYE", 0, to_tag="b"),
            make_response(503, 0.02, method="BYE"),
            make_request("BYE", 1.0, to_tag="b", cseq=2, branch="z2"),
            make_response(200, 1.03, method="BYE", cseq=2, branch="z2"),
        ]
    )

    assert attempt.success_delay_us == 1_030_000


def test_response_heard_before_its_request_counts() -> None:
    """Two nodes deliver as they like."""
    (attempt,) = fold([make_response(180, 1), make_response(486, 2), make_request("INVITE", 0)])

    assert (attempt.status, attempt.request_delay_us) == (486, SECOND_US)


def test_responses_without_request_are_bounded() -> None:
    """The oldest are forgotten."""
    call = [make_response(200, 0, call_id=str(at)) for at in range(MAX_EARLY + 1)]
    first = make_request("INVITE", 1, call_id="0")
    last = make_request("INVITE", 1, call_id=str(MAX_EARLY))

    assert statuses([*call, first]) == [None]
    assert statuses([*call, last]) == [200]


def test_endless_retries_become_several_attempts() -> None:
    """One client cannot keep an attempt open for ever."""
    call = []
    for cseq in range(MAX_RETRIES + 2):
        call.append(make_request("INVITE", cseq, cseq=cseq, branch=str(cseq)))
        call.append(make_response(407, cseq + 0.5, cseq=cseq, branch=str(cseq)))

    assert [attempt.retries for attempt in fold(call)] == [MAX_RETRIES, 0]


def test_flood_closes_the_oldest_attempts() -> None:
    """Counted, and each reported once."""
    folding = AttemptFolding(max_transactions=10)
    closed: list[Attempt] = []
    for at in range(25):
        closed += folding.feed(*make_request("INVITE", at / 100, call_id=str(at)))

    assert (folding.evicted, folding.transactions) == (15, 10)
    assert [attempt.call_id for attempt in closed] == [str(at) for at in range(15)]


def test_what_is_over_is_forgotten() -> None:
    """Nothing remains once every timer has run out."""
    folding = AttemptFolding()
    for message, envelope in answered_call():
        folding.feed(message, envelope)

    folding.expire(START_US + 300 * SECOND_US)

    assert folding.transactions == 0


@settings(max_examples=200, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_every_initial_transaction_ends_in_one_attempt(
    call: list[Seen], chance: random.Random
) -> None:
    """Whatever comes in whatever order, nothing is counted twice and nothing is kept."""
    chance.shuffle(call)
    folding = AttemptFolding()
    closed: list[Attempt] = []
    for message, envelope in call:
        closed += folding.feed(message, envelope)
    closed += folding.expire(NEVER_US)

    followed = [
        message
        for message, _ in call
        if message.method in {"REGISTER", "BYE"}
        or (message.method == "INVITE" and not message.to_tag)
    ]
    assert sum(attempt.requests for attempt in closed) == len(followed)
    assert len({id(attempt) for attempt in closed}) == len(closed)
    assert folding.transactions == 0


def test_hop_of_a_tcp_client_that_connects_again_is_the_same() -> None:
    """Only its port has changed."""
    call = [
        make_request("INVITE", 0, source=(ALICE[0], 40001)),
        make_response(407, 0.1, destination=(ALICE[0], 40001)),
        make_request("INVITE", 0.2, cseq=2, branch="z2", source=(ALICE[0], 40002)),
        make_response(200, 1, cseq=2, branch="z2", destination=(ALICE[0], 40002)),
    ]

    assert statuses(call) == [200]
