"""Folding of sessions: hang-ups by either side, answered or not, seen or not."""

from hepscope_common.calls import (
    Attempt,
    AttemptFolding,
    EventKind,
    signal_of,
)
from unit.common.calls.folded import events_of, fold
from unit.common.calls.samples import (
    ALICE,
    PROXY,
    SECOND_US,
    START_US,
    Seen,
    answered_call,
    make_request,
    make_response,
)


def hung_up(*rest: Seen) -> Attempt:
    """Return the attempt of a call that was answered at 1 s, with what came after that."""
    call = [make_request("INVITE", 0), make_response(200, 1), *rest]
    (attempt,) = fold(call)
    return attempt


def test_hang_up_goes_on_after_a_recoverable_error() -> None:
    """BYE at 2, 503 20 ms later, BYE at 3, its 200 at 3.03: 1030 ms."""
    attempt = hung_up(
        make_request("BYE", 2, to_tag="b", cseq=2, branch="y1"),
        make_response(503, 2.02, method="BYE", cseq=2, branch="y1"),
        make_request("BYE", 3, to_tag="b", cseq=3, branch="y2"),
        make_response(200, 3.03, method="BYE", cseq=3, branch="y2"),
    )

    assert attempt.disconnect_delay_us == 1_030_000
    assert attempt.is_completed


def test_callee_may_hang_up() -> None:
    """Tags and addresses are the other way round; 481 ends it, too, but not in order."""
    attempt = hung_up(
        make_request(
            "BYE", 11, from_tag="b", to_tag="a", branch="y1", source=PROXY, destination=ALICE
        ),
        make_response(
            481,
            11.5,
            method="BYE",
            from_tag="b",
            to_tag="a",
            branch="y1",
            source=ALICE,
            destination=PROXY,
        ),
    )

    assert (attempt.duration_us, attempt.disconnect_delay_us) == (10 * SECOND_US, 500_000)
    assert not attempt.is_completed


def test_hang_up_that_nobody_answers_ends_by_timer() -> None:
    """RFC 6076 4.5.2: the failed duration runs until Timer F."""
    attempt = hung_up(make_request("BYE", 11, to_tag="b", branch="y1", cseq=2))

    assert (attempt.is_ended, attempt.bye_status) == (True, None)
    assert attempt.duration_us == 42 * SECOND_US
    assert attempt.disconnect_delay_us == 32 * SECOND_US


def test_both_may_hang_up_at_once() -> None:
    """It is one end of one session."""
    call = [
        *answered_call()[:6],
        make_request("BYE", 65.45, from_tag="b", to_tag="a", branch="y9", source=PROXY),
        answered_call()[6],
    ]

    kinds = [kind for kind, _ in events_of(call)]

    assert kinds == list(EventKind)


def test_hang_up_without_to_tag_ends_the_only_session_of_its_call() -> None:
    """Of two sessions it would be a guess."""
    answered = [make_request("INVITE", 0), make_response(200, 1)]
    other = [make_request("INVITE", 0, from_tag="c"), make_response(200, 1, from_tag="c")]
    bye = [
        make_request("BYE", 5, source=PROXY, destination=ALICE, from_tag="b"),
        make_response(200, 5.1, method="BYE", source=ALICE, destination=PROXY, from_tag="b"),
    ]

    ended = [event.attempt for event in events_of(answered + bye) if event.kind is EventKind.ENDED]
    assert [(one.method, one.duration_us) for one in ended] == [("INVITE", 4 * SECOND_US)]
    ended = [
        one.attempt for one in events_of(answered + other + bye) if one.kind is EventKind.ENDED
    ]
    assert [one.method for one in ended] == ["BYE"]


def test_hang_up_of_a_session_that_was_not_seen_is_told_apart() -> None:
    """Capture began in mid-call: there is a delay and no session."""
    ((kind, attempt),) = events_of(answered_call()[5:])

    assert (kind, attempt.method, attempt.disconnect_delay_us) == (
        EventKind.ENDED,
        "BYE",
        100_000,
    )
    assert attempt.duration_us is None


def test_sessions_are_counted_until_they_end() -> None:
    """Also the one whose hang-up never comes, for a day."""
    folding = AttemptFolding()
    for call_id in ("call-1", "call-2"):
        folding.feed(signal_of(*make_request("INVITE", 0, call_id=call_id)))
        folding.feed(signal_of(*make_response(200, 1, call_id=call_id)))
    assert len(folding.sessions) == 2

    folding.feed(signal_of(*make_request("BYE", 9, to_tag="b", branch="y", cseq=2)))
    assert len(folding.sessions) == 1

    folding.expire(START_US + 86_402 * SECOND_US)
    assert len(folding.sessions) == 0
    assert folding.exchanges == 0
