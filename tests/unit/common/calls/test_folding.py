"""Folding of attempts: challenges, retransmissions, forks, hops, redirections, timeouts."""

import random
from collections.abc import Sequence

import pytest
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


def events_of(call: Sequence[Seen], end_us: int = NEVER_US, scope: str = "") -> list[Event]:
    """Return what messages in this order give, time passing with them."""
    folding = AttemptFolding()
    events: list[Event] = []
    for message, envelope in call:
        events += folding.expire(envelope.time_us)
        events += folding.feed(signal_of(message, envelope), scope)
    return events + folding.expire(end_us)


def fold(call: Sequence[Seen], end_us: int = NEVER_US) -> list[Attempt]:
    """Return the attempts that are settled by then."""
    events = events_of(call, end_us)
    return [attempt for kind, attempt in events if kind is EventKind.SETTLED]


def statuses(call: Sequence[Seen]) -> list[int | None]:
    """Return the statuses of the attempts of a call."""
    return [attempt.status for attempt in fold(call)]


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


@pytest.mark.parametrize("skew_s", [-5, 5])
def test_nodes_of_one_hop_whose_clocks_differ_are_not_mixed(skew_s: float) -> None:
    """Every delay is by the clock of one of them, although their packets come in turns."""
    folding = AttemptFolding()
    events: list[Event] = []
    for message, envelope in answered_call():
        for node, clock_s, way_s in (("n1", 0.0, 0.0), ("n2", skew_s, 0.001)):
            arrived_us = envelope.time_us + round(way_s * SECOND_US)
            signal = signal_of(message, envelope)._replace(
                node=node, time_us=arrived_us + round(clock_s * SECOND_US), received_us=arrived_us
            )
            events += folding.feed(signal)

    (attempt,) = {id(attempt): attempt for _, attempt in events}.values()

    assert (attempt.request_delay_us, attempt.post_dial_delay_us) == (1_350_000, 1_350_000)
    assert (attempt.duration_us, attempt.disconnect_delay_us) == (60_400_000, 100_000)


def test_a_node_that_lost_the_first_request_leaves_the_delays_as_they_are() -> None:
    """Nodes with one clock fill each other's gaps."""
    call = [
        make_request("INVITE", 0, node="n1"),
        make_request("INVITE", 0.5, node="n1"),
        make_request("INVITE", 0.501, node="n2"),
        make_response(180, 1, node="n1"),
        make_response(200, 2, node="n2"),
    ]

    (attempt,) = fold(call)

    assert (attempt.started_us, attempt.request_delay_us) == (START_US, SECOND_US)


def test_nodes_that_are_told_apart_are_bounded() -> None:
    """Names of nodes are what packets say."""
    folding = AttemptFolding()
    for number in range(1000):
        message, envelope = make_request("INVITE", number * 0.001, node=f"n{number}")
        envelope.received_at_us = START_US + number * 10 * SECOND_US
        folding.feed(signal_of(message, envelope))
    (event,) = folding.feed(signal_of(*make_response(200, 2, node="n999")))

    assert (event.attempt.started_us, event.attempt.requests) == (START_US, 1000)


def forked() -> list[Seen]:
    """Return a call that a proxy forks: one branch is busy, the other answers."""
    down = {"b1": "sip:bob@192.0.2.3", "b2": "sip:bob@192.0.2.4"}
    call = [make_request("INVITE", 0)]
    call += [
        make_request("INVITE", 0.1, source=PROXY, destination=BOB, branch=b, uri=uri, vias=2)
        for b, uri in down.items()
    ]
    return [
        *call,
        make_response(486, 1, source=BOB, destination=PROXY, branch="b1", vias=2),
        make_response(200, 2, source=BOB, destination=PROXY, branch="b2", vias=2),
        make_response(200, 2.1),
    ]


def test_forked_call_is_one_attempt_of_the_caller() -> None:
    """The hop seen first says how it ended; the others are copies of it."""
    (attempt,) = fold(forked())

    assert (attempt.status, attempt.final_us) == (200, START_US + 2_100_000)
    assert (attempt.source_port, attempt.destination_port) == (ALICE[1], PROXY[1])


def test_hop_that_is_heard_later_but_was_earlier_counts() -> None:
    """Two nodes deliver as they like."""
    first, *rest = forked()

    (attempt,) = fold([*rest[:2], first, *rest[2:]])

    assert (attempt.started_us, attempt.status) == (START_US, 200)


def test_scopes_are_apart() -> None:
    """As one node saw it, the hop seen first may be another."""
    (attempt,) = {
        id(attempt): attempt for _, attempt in events_of(forked()[1:], scope="n1")
    }.values()

    assert (attempt.node, attempt.source_port) == ("n1", PROXY[1])


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


def test_delay_of_a_redirected_invite_is_by_one_clock() -> None:
    """The 302 is told by one node first, the answer by another, 5 s ahead."""
    call = [
        make_request("INVITE", 0, node="n1"),
        make_request("INVITE", 5, node="n2"),
        make_response(302, 0.1, node="n1"),
        make_response(302, 5.1, node="n2"),
        make_request("INVITE", 0.2, cseq=2, branch="z2", node="n1"),
        make_request("INVITE", 5.2, cseq=2, branch="z2", node="n2"),
        make_response(200, 7.0, cseq=2, branch="z2", node="n2"),
    ]
    folding = AttemptFolding()
    for number, (message, envelope) in enumerate(call):
        envelope.received_at_us = START_US + number * 1000
        events = folding.feed(signal_of(message, envelope))

    assert [one.attempt.request_delay_us for one in events] == [2 * SECOND_US]


def test_copy_of_a_redirected_invite_is_no_attempt() -> None:
    """A proxy sent it on; it is heard after the 302."""
    call = [
        make_request("INVITE", 0),
        make_response(302, 0.1),
        make_request("INVITE", 0.05, branch="b2", source=PROXY, destination=BOB, vias=2),
    ]

    assert statuses(call) == [302]


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


def test_final_that_lost_its_via_counts_on_its_hop() -> None:
    """A callee answered with the Via of the proxy's CANCEL, which the proxy then took away."""
    call = [
        make_request("INVITE", 0),
        make_request("INVITE", 0.1, branch="b2", source=PROXY, destination=BOB),
        make_response(180, 1, branch="b2", source=BOB, destination=PROXY),
        make_response(180, 1.1),
        make_response(487, 2, branch="b2", source=BOB, destination=PROXY),
        make_response(487, 2.1, branch=""),
    ]

    (attempt,) = fold(call)

    assert (attempt.status, attempt.final_us) == (487, START_US + 2_100_000)
    assert statuses([*call[:-1], make_response(487, 2.1, branch="", cseq=7)]) == [None]
    assert statuses([*call[:-1], make_response(487, 2.1, branch="", source=BOB)]) == [None]


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


def test_response_heard_before_its_request_counts() -> None:
    """Two nodes deliver as they like."""
    (attempt,) = fold([make_response(180, 1), make_response(486, 2), make_request("INVITE", 0)])

    assert (attempt.status, attempt.request_delay_us) == (486, SECOND_US)


def test_responses_heard_before_their_request_are_taken_in_packet_time() -> None:
    """A call heard backwards still rang."""
    call = [make_response(200, 2), make_response(180, 1), make_request("INVITE", 0)]

    (attempt,) = fold(call)

    assert (attempt.status, attempt.request_delay_us) == (200, SECOND_US)


def test_messages_without_call_id_make_no_attempt() -> None:
    """Nor do they make a call record."""
    call = [make_request("INVITE", 0, call_id=""), make_response(486, 1, call_id="")]

    assert events_of(call) == []


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


def test_hop_of_a_tcp_client_that_connects_again_is_the_same() -> None:
    """Only its port has changed."""
    call = [
        make_request("INVITE", 0, source=(ALICE[0], 40001)),
        make_response(407, 0.1, destination=(ALICE[0], 40001)),
        make_request("INVITE", 0.2, cseq=2, branch="z2", source=(ALICE[0], 40002)),
        make_response(200, 1, cseq=2, branch="z2", destination=(ALICE[0], 40002)),
    ]

    assert statuses(call) == [200]
