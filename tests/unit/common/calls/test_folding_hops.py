"""Folding of attempts that several hops and nodes show, each with a clock of its own."""

import pytest

from hepscope_common.calls import (
    AttemptFolding,
    Event,
    signal_of,
)
from unit.common.calls.folded import events_of, fold, statuses
from unit.common.calls.samples import (
    ALICE,
    BOB,
    PROXY,
    SECOND_US,
    START_US,
    Seen,
    answered_call,
    make_request,
    make_response,
)


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


def test_hop_of_a_tcp_client_that_connects_again_is_the_same() -> None:
    """Only its port has changed."""
    call = [
        make_request("INVITE", 0, source=(ALICE[0], 40001)),
        make_response(407, 0.1, destination=(ALICE[0], 40001)),
        make_request("INVITE", 0.2, cseq=2, branch="z2", source=(ALICE[0], 40002)),
        make_response(200, 1, cseq=2, branch="z2", destination=(ALICE[0], 40002)),
    ]

    assert statuses(call) == [200]
