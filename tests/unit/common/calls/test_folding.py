"""Folding of attempts: challenges, retransmissions, redirections, registrations."""

from hepscope_common.calls import (
    AttemptFolding,
    AttemptOutcome,
    EventKind,
    signal_of,
)
from unit.common.calls.folded import events_of, fold, statuses
from unit.common.calls.samples import (
    BOB,
    PROXY,
    SECOND_US,
    Seen,
    answered_call,
    make_request,
    make_response,
)


def test_answered_call_is_one_attempt_with_a_session() -> None:
    """SRD 1.35 s, SDD 100 ms, SDT 60.4 s; each stage is told once."""
    events = events_of(answered_call())

    assert [kind for kind, _ in events] == list(EventKind)
    (attempt,) = {id(attempt): attempt for _, attempt in events}.values()
    assert (attempt.status, attempt.request_delay_us) == (200, 1_350_000)
    assert (attempt.bye_status, attempt.disconnect_delay_us) == (200, 100_000)
    assert attempt.duration_us == 60_400_000
    assert attempt.is_completed
    assert (attempt.requests, attempt.retries) == (1, 0)


def test_answer_settles_an_attempt_at_once() -> None:
    """Nobody waits for a timer."""
    folding = AttemptFolding()
    folding.feed(signal_of(*make_request("INVITE")))

    events = folding.feed(signal_of(*make_response(486, 1)))

    assert [(kind, attempt.status) for kind, attempt in events] == [(EventKind.SETTLED, 486)]


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


def test_offer_that_is_refused_and_made_anew_is_one_attempt() -> None:
    """A client goes on without SRTP after 488, RFC 3261 8.1.3.5 and 21.4.26."""
    call = [
        make_request("INVITE", 0),
        make_response(488, 0.1),
        make_request("INVITE", 0.2, cseq=2, branch="z2"),
        make_response(200, 1, cseq=2, branch="z2"),
    ]

    assert statuses(call) == [200]


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


def test_redirected_invite_is_an_attempt_of_its_own() -> None:
    """Its delay runs from the first INVITE, wherever it is sent."""
    call = [
        make_request("INVITE", 0),
        make_response(302, 0.1),
        make_request(
            "INVITE", 0.2, cseq=2, branch="z2", uri="sip:bob@elsewhere.example", destination=BOB
        ),
        make_response(180, 1.0, cseq=2, branch="z2", source=BOB),
        make_response(200, 2.0, cseq=2, branch="z2", source=BOB),
    ]

    first, second = fold(call)

    assert (first.outcome, second.outcome) == (AttemptOutcome.REDIRECTED, AttemptOutcome.SUCCESS)
    assert (first.follows_redirection, second.follows_redirection) == (False, True)
    assert (first.request_delay_us, second.request_delay_us) == (None, SECOND_US)


def test_re_invite_is_never_an_attempt() -> None:
    """It has a To tag."""
    assert events_of([make_request("INVITE", 0, to_tag="b"), make_response(200, 1)]) == []


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


def test_second_try_under_the_same_tag_is_the_same_attempt() -> None:
    """Counted once per Call-ID and From tag, unless it was redirected or is long over."""
    busy = [make_request("INVITE", 0), make_response(486, 1)]

    def again(at: float) -> list[Seen]:
        return [
            make_request("INVITE", at, cseq=2, branch="z2"),
            make_response(200, at + 1, cseq=2, branch="z2"),
        ]

    assert statuses(busy + again(2)) == [486]
    assert statuses(busy + again(34)) == [486, 200]


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

    assert attempt.registration_delay_us == 92_000


def test_refresh_is_a_registration_of_its_own() -> None:
    """Though Call-ID, tag and addresses are the same; its copy at the next hop is not."""
    call = []
    for at, cseq in ((0.0, 1), (5.0, 2)):
        branch, next_branch = str(cseq), f"p{cseq}"
        call += [
            make_request("REGISTER", at, cseq=cseq, branch=branch),
            make_request(
                "REGISTER", at + 0.1, cseq=cseq, branch=next_branch, source=PROXY, destination=BOB
            ),
            make_response(200, at + 1, method="REGISTER", cseq=cseq, branch=branch),
        ]

    delays = [attempt.registration_delay_us for attempt in fold(call)]

    assert delays == [SECOND_US, SECOND_US]


def test_messages_without_call_id_make_no_attempt() -> None:
    """Nor do they make a call record."""
    call = [make_request("INVITE", 0, call_id=""), make_response(486, 1, call_id="")]

    assert events_of(call) == []
