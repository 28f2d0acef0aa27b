"""Clock skew: told by messages that two nodes saw, and by nothing else."""

from collections.abc import Sequence

import pytest

from hepscope_common.calls import flow_of
from hepscope_common.calls.order import time_key
from hepscope_common.calls.skew import Clocks, measured
from unit.common.calls.samples import (
    START_US,
    Seen,
    answered_call,
    flow_messages,
    make_request,
    make_response,
)

MS = 0.001


def clocks(*pairs: Sequence[Seen]) -> Clocks:
    """Return the clocks of groups of sightings that are alike."""
    return measured([sorted(flow_messages(pair), key=time_key) for pair in pairs])


def requests(cseq: int, **at_s: float) -> list[Seen]:
    """Return a request to the proxy as nodes see it, by name."""
    return [make_request("INFO", at, cseq=cseq, node=node) for node, at in at_s.items()]


def answers(cseq: int, **at_s: float) -> list[Seen]:
    """Return the answer of the proxy as nodes see it."""
    return [
        make_response(200, at, method="INFO", cseq=cseq, node=node) for node, at in at_s.items()
    ]


CASES: dict[str, tuple[list[list[Seen]], dict[str, int]]] = {
    "one direction: transit cannot be told from skew": ([requests(1, a=0, b=0.0068)], {"b": 6800}),
    "both directions: transit falls out": (
        [requests(1, a=0, b=0.025), answers(1, b=0.03, a=0.035)],
        {"b": 10_000},
    ),
    "transit alone is no skew": ([requests(1, a=0, b=0.02), answers(1, b=0.03, a=0.05)], {}),
    "a node behind": ([requests(1, a=1, b=0.75), answers(1, b=0.76, a=1.01)], {"b": -250_000}),
    "less than a millisecond is nothing": ([requests(1, a=0, b=0.0009)], {}),
    "the median of several": (
        [requests(n, a=n, b=n + late) for n, late in enumerate((0.005, 0.006, 0.09))],
        {"b": 6_000},
    ),
    "a resend that each missed once": (
        [requests(1, a=0, b=0.5), requests(2, a=1, b=1.0005)],
        {},
    ),
    "one witness of five seconds": ([requests(1, a=0, b=5)], {}),
    "three witnesses of five seconds": (
        [requests(n, a=n, b=n + 5) for n in range(3)],
        {"b": 5_000_000},
    ),
    "over a node between": (
        [requests(1, a=0, b=0.1), requests(2, a=1, b=1.1), requests(3, b=2, c=2.05)],
        {"a": -100_000, "c": 50_000},
    ),
    "seen unequally often": ([[*requests(1, a=0, b=0.2), *requests(1, b=0.7)]], {}),
}


@pytest.mark.parametrize("case", CASES)
def test_skew_of_nodes(case: str) -> None:
    """How far a clock is ahead of that of the node which saw most."""
    groups, expected = CASES[case]

    assert clocks(*groups).skewed == expected


def test_nodes_that_share_no_message_are_not_compared() -> None:
    """Each is a group of its own."""
    found = clocks(requests(1, a=0, b=0.1), requests(2, c=0), requests(3, c=9))

    assert found.group == {"a": "a", "b": "a", "c": "c"}
    assert found.ahead_us["c"] == 0


def test_order_follows_the_corrected_times_and_true_times_stay() -> None:
    """The callee's node is 250 ms fast: what it saw alone is put where it belongs."""
    call = answered_call()
    for message, envelope in list(call):
        late = make_request("X", envelope.time_us / 1e6 - START_US / 1e6 + 0.25, node="n2")[1]
        late.source, late.source_port = envelope.source, envelope.source_port
        late.destination, late.destination_port = envelope.destination, envelope.destination_port
        call.append((message, late))
    call.append(make_request("INFO", 0.9 + 0.25, cseq=7, to_tag="b", branch="x", node="n2"))
    call.append(make_request("UPDATE", 1.0, cseq=8, to_tag="b", branch="y"))

    flow = flow_of(flow_messages(call))

    assert flow.skews_us == {"n2": 250_000}
    assert [arrow.label for arrow in flow.arrows][1:4] == ["100 Reason 100", "INFO", "UPDATE"]
    info = flow.arrows[2]
    assert (info.message.time_us - START_US, info.correction_us) == (1_150_000, -250_000)
    assert {arrow.correction_us for arrow in flow.arrows if arrow.copies} == {0}
    assert {one.node for one in flow.arrows[0].copies} == {"n1", "n2"}


def test_reply_stamped_before_its_request_tells_by_how_much() -> None:
    """Whether or not the order is corrected."""
    flow = flow_of(flow_messages([make_request("INVITE", 0.002), make_response(100, 0)]))

    assert [(arrow.label, arrow.early_us) for arrow in flow.arrows] == [
        ("INVITE", None),
        ("100 Reason 100", 2_000),
    ]
