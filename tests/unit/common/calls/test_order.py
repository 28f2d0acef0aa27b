"""Order: packet time, and what SIP makes impossible."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls import FlowMessage
from hepscope_common.calls.order import SKEW_US, logical_order, time_key, transaction_key
from unit.common.calls.samples import (
    ALICE,
    BOB,
    PROXY,
    SECOND_US,
    Seen,
    answered_call,
    any_call,
    flow_messages,
    make_request,
    make_response,
)

SKEW_S = SKEW_US / SECOND_US


def ordered(messages: Sequence[FlowMessage]) -> list[FlowMessage]:
    """Return messages in logical order, every address one host."""
    timed = sorted(messages, key=time_key)
    ends = [(message.source, message.destination) for message in timed]
    return [timed[at] for at in logical_order(timed, ends)]


def labels(call: Sequence[Seen]) -> list[str]:
    """Return method or status of a call's messages in logical order."""
    return [m.method or str(m.status) for m in ordered(flow_messages(call))]


def test_call_of_one_clock_stays_in_time_order() -> None:
    """Nothing is to be corrected."""
    assert labels(answered_call()[::-1]) == ["INVITE", "100", "180", "200", "ACK", "BYE", "200"]


def test_equal_times_follow_the_life_of_a_call() -> None:
    """As from an agent whose clock has only seconds."""
    call = [(message, make_request("X")[1]) for message, _ in answered_call()]
    for at, (_, envelope) in enumerate(call):
        _, real = answered_call()[at]
        envelope.source, envelope.destination = real.source, real.destination

    assert labels(call[::-1]) == ["INVITE", "100", "180", "200", "ACK", "BYE", "200"]


def test_response_of_a_fast_clock_comes_after_its_request() -> None:
    """With everything that waits for it."""
    call = [
        make_request("INVITE", 0.3),
        make_response(100, 0.0, to_tag="", node="n2"),
        make_response(404, 0.1, node="n2"),
        make_request("ACK", 0.05, node="n3"),
    ]

    assert labels(call) == ["INVITE", "100", "404", "ACK"]


def test_skew_beyond_the_bound_is_shown_as_it_is() -> None:
    """Such a clock is wrong, and to guess would hide it."""
    call = [make_request("INVITE", SKEW_S + 0.001), make_response(404, 0)]

    assert labels(call) == ["404", "INVITE"]


def test_proxy_receives_before_it_forwards() -> None:
    """Requests on their way there, responses on their way back, all in one millisecond."""
    call = [
        make_request("INVITE", 0, source=PROXY, destination=BOB, branch="p"),
        make_request("INVITE", 0, source=ALICE, destination=PROXY),
        make_response(486, 0, source=PROXY, destination=ALICE),
        make_response(486, 0, source=BOB, destination=PROXY, branch="p"),
    ]

    result = ordered(flow_messages(call))

    assert [(m.source, m.destination) for m in result] == [
        (ALICE[0], PROXY[0]),
        (PROXY[0], BOB[0]),
        (BOB[0], PROXY[0]),
        (PROXY[0], ALICE[0]),
    ]


def test_proxy_of_another_clock_receives_before_it_forwards() -> None:
    """The node at the caller is a little late."""
    call = [
        make_request("INVITE", 0.2, source=ALICE, destination=PROXY, node="n1"),
        make_request("INVITE", 0.1, source=PROXY, destination=BOB, branch="p", node="n2"),
    ]

    assert [m.source for m in ordered(flow_messages(call))] == [ALICE[0], PROXY[0]]


def test_clock_of_one_node_is_believed() -> None:
    """Its own messages may come about in ways that no rule knows."""
    call = [
        make_request("INVITE", 0.2, source=ALICE, destination=PROXY),
        make_request("INVITE", 0.1, source=PROXY, destination=BOB, branch="p"),
    ]

    assert [m.source for m in ordered(flow_messages(call))] == [PROXY[0], ALICE[0]]


def test_what_each_hop_makes_itself_is_not_forwarded() -> None:
    """A proxy's own 100 does not wait for the one it gets, nor its ACK for the caller's."""
    call = [
        make_response(100, 0.1, to_tag="", node="n1"),
        make_response(100, 0.2, to_tag="", node="n2", branch="p", source=BOB, destination=PROXY),
        make_request("INVITE", 0, node="n1"),
        make_request("INVITE", 0, source=PROXY, destination=BOB, branch="p", node="n2"),
        make_request("ACK", 0.3, source=PROXY, destination=BOB, branch="p", node="n2"),
        make_request("ACK", 0.4, node="n1"),
    ]

    result = ordered(flow_messages(call))

    assert [message.time_us for message in result] == sorted(m.time_us for m in result)


def test_messages_in_a_circle_keep_request_before_response() -> None:
    """A spiral cannot satisfy every wish; the binding rule holds."""
    call = [
        make_request("INVITE", 0, source=ALICE, destination=PROXY, branch="1"),
        make_request("INVITE", 0, source=PROXY, destination=ALICE, branch="2"),
        make_response(404, 0, source=ALICE, destination=PROXY, branch="2"),
        make_response(404, 0, source=PROXY, destination=ALICE, branch="1"),
    ]

    assert labels(call) == ["INVITE", "INVITE", "404", "404"]


@settings(max_examples=200, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_order_is_total_and_independent_of_arrival(call: list[Seen], chance: random.Random) -> None:
    """No message is lost, and shuffling changes nothing."""
    messages = flow_messages(call)
    shuffled = messages.copy()
    chance.shuffle(shuffled)

    result = ordered(shuffled)

    assert result == ordered(messages)
    assert sorted(m.message_id for m in result) == sorted(m.message_id for m in messages)


@settings(max_examples=200, deadline=None)
@given(any_call)
def test_no_response_precedes_its_request_within_the_bound(call: list[Seen]) -> None:
    """Whatever else the messages say."""
    result = ordered(flow_messages(call))
    first: dict[object, int] = {}
    for message in sorted(flow_messages(call), key=time_key):
        if message.method:
            first.setdefault(transaction_key(message), int(message.message_id))
    position = {int(message.message_id): at for at, message in enumerate(result)}
    times = {int(message.message_id): message.time_us for message in result}
    for message in result:
        request = None if message.method else first.get(transaction_key(message))
        if request is not None and times[request] - message.time_us <= SKEW_US:
            assert position[request] < position[int(message.message_id)]


def test_thousands_of_equal_messages_are_ordered_at_once() -> None:
    """The work grows with the number of messages, not with its square."""
    call = [make_request("OPTIONS", 0, branch="b") for _ in range(5000)]

    assert len(labels(call)) == 5000
