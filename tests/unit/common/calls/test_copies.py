"""Copies: what several nodes saw of one message is one, what was sent again is not."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from hepscope_common.calls import FlowMessage, flow_of
from hepscope_common.calls.copies import WireMessage, wire_messages
from hepscope_common.calls.order import time_key
from hepscope_common.calls.retransmission import identity_of
from unit.common.calls.samples import (
    ALICE,
    BOB,
    PROXY,
    Seen,
    any_call,
    flow_messages,
    make_request,
    make_response,
)
from unit.common.calls.wire import observed, observed_wires


def wires_of(seen: Sequence[Seen]) -> list[WireMessage]:
    """Return the messages on the wire, in order of time."""
    wires, _ = wire_messages(sorted(flow_messages(seen), key=time_key))
    return sorted(wires, key=lambda wire: time_key(wire.best))


def shape(*seen: Seen) -> list[tuple[str, int]]:
    """Return nodes and number of resend of each message on the wire."""
    return [("+".join(one.node for one in w.sightings), w.resend) for w in wires_of(seen)]


def invite(at_s: float, node: str) -> Seen:
    """Return an INVITE on its first hop."""
    return make_request("INVITE", at_s, node=node)


def trying(at_s: float, node: str) -> Seen:
    """Return the 100 to it."""
    return make_response(100, at_s, to_tag="", node=node)


def test_one_message_of_two_nodes_is_one() -> None:
    """The time is that of who saw it first."""
    (wire,) = wires_of([invite(0.002, "n2"), invite(0, "n1")])

    assert [one.node for one in wire.sightings] == ["n1", "n2"]
    assert wire.best is wire.sightings[0]


CASES: dict[str, tuple[list[Seen], list[tuple[str, int]]]] = {
    "a resend seen by one node": (
        [invite(0, "n1"), invite(0.5, "n1")],
        [("n1", 0), ("n1", 1)],
    ),
    "a resend seen by both nodes": (
        [invite(0, "n1"), invite(0.003, "n2"), invite(0.5, "n1"), invite(0.503, "n2")],
        [("n1+n2", 0), ("n1+n2", 1)],
    ),
    "the first missed by one node": (
        [invite(0, "n1"), invite(0.5, "n1"), invite(0.503, "n2")],
        [("n1", 0), ("n1+n2", 1)],
    ),
    "both resends missed by one node": (
        [invite(0, "n1"), invite(0.002, "n2"), invite(0.5, "n1"), invite(1.5, "n1")],
        [("n1+n2", 0), ("n1", 1), ("n1", 2)],
    ),
    "each node missed the other's, with clocks that agree": (
        [trying(0.6, "n1"), trying(0.601, "n2"), invite(0, "n1"), invite(0.5, "n2")],
        [("n1", 0), ("n2", 1), ("n1+n2", 0)],
    ),
    "clocks 300 ms apart": (
        [invite(0, "n1"), invite(0.3, "n2"), invite(0.5, "n1"), invite(0.8, "n2")],
        [("n1+n2", 0), ("n1+n2", 1)],
    ),
    "clocks apart by more than a resend takes": (
        [invite(0, "n1"), invite(0.7, "n2"), invite(0.5, "n1"), invite(1.2, "n2")],
        [("n1+n2", 0), ("n1+n2", 1)],
    ),
    "clocks far apart, and nothing else that says so": (
        [invite(0, "n1"), invite(5, "n2")],
        [("n1", 0), ("n2", 0)],
    ),
    "three nodes": (
        [invite(0, "n1"), invite(0.001, "n2"), invite(0.002, "n3"), invite(0.5, "n2")],
        [("n1+n2+n3", 0), ("n2", 1)],
    ),
    "resends beyond all timers": (
        [invite(0, "n1"), invite(32.1, "n1"), invite(32.6, "n1")],
        [("n1", 0), ("n1", 0), ("n1", 1)],
    ),
    "nodes without name": ([invite(0, ""), invite(0.001, "")], [("", 0), ("", 1)]),
}


@pytest.mark.parametrize("case", CASES)
def test_copies_and_resends(case: str) -> None:
    """Each sighting where it belongs."""
    seen, expected = CASES[case]

    assert shape(*seen) == expected
    assert shape(*seen[::-1]) == expected


OTHERS: dict[str, Seen] = {
    "another hop": make_request("INVITE", source=PROXY, destination=BOB, node="n2"),
    "the address behind NAT": make_request("INVITE", source=("10.0.0.5", 5070), node="n2"),
    "another port": make_request("INVITE", source=(ALICE[0], 5071), node="n2"),
    "another branch": make_request("INVITE", branch="z9hG4bK-9", node="n2"),
    "another call": make_request("INVITE", call_id="call-2", node="n2"),
    "another transport": make_request("INVITE", transport="tcp", node="n2"),
    "a re-INVITE": make_request("INVITE", to_tag="b", node="n2"),
    "a CANCEL": make_request("CANCEL", node="n2"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_differs_is_no_copy(case: str) -> None:
    """Though another node saw it at the same time."""
    assert [number for _, number in shape(invite(0, "n1"), OTHERS[case])] == [0, 0]


def test_ports_of_connections_do_not_matter() -> None:
    """A proxy that traces names the port that it listens at, a sniffer that of the connection."""
    traced = make_request("INVITE", source=(ALICE[0], 5060), transport="tcp", node="proxy")
    sniffed = make_request("INVITE", source=(ALICE[0], 40001), transport="tcp", node="wire")

    assert shape(traced, sniffed) == [("proxy+wire", 0)]


def test_what_cannot_be_read_is_never_a_copy() -> None:
    """Nothing says that two are one; nor of what is no SIP."""
    log = FlowMessage("1", 0, "", 0, "", 0, node="n1", protocol_type=100, label="log")

    assert identity_of(log) is None
    assert shape(make_request("", node="n1"), make_request("", node="n2")) == [("n1", 0), ("n2", 0)]


@settings(max_examples=80, deadline=None)
@given(observed())
def test_sends_are_told_apart_whatever_nodes_miss(observed_call: tuple[list[Seen], int]) -> None:
    """Clocks up to a minute apart, sends at T1, each node missing some: exactly what was sent."""
    seen, chance = observed_call
    messages = flow_messages(seen)
    random.Random(chance).shuffle(messages)

    arrows = flow_of(messages).arrows

    sent = observed_wires(seen)
    folded = {frozenset(one.message_id for one in a.copies or (a.message,)) for a in arrows}
    assert folded == set(sent)
    for arrow in arrows:
        ids = frozenset(one.message_id for one in arrow.copies or (arrow.message,))
        assert arrow.resend == sent[ids], arrow


@settings(max_examples=80, deadline=None)
@given(any_call)
def test_every_message_is_once_in_one_arrow(call: list[Seen]) -> None:
    """Copies have different nodes, one identity, and times that are close; fold=0 has no copies."""
    messages = flow_messages(call)

    folded = flow_of(messages).arrows
    plain = flow_of(messages, fold=False).arrows

    for arrow in folded:
        assert len({one.node for one in arrow.copies}) == len(arrow.copies) != 1
        assert len({identity_of(one) for one in arrow.copies}) <= 1
        assert not arrow.copies or arrow.message in arrow.copies
    ids = sorted(message.message_id for message in messages)
    shown = [one.message_id for arrow in folded for one in arrow.copies or (arrow.message,)]
    assert sorted(shown) == ids
    assert sorted(arrow.message.message_id for arrow in plain) == ids
    assert not any(arrow.copies for arrow in plain)


@pytest.mark.parametrize("nodes", [2, 3000])
def test_thousands_of_one_identity_are_folded_at_once(nodes: int) -> None:
    """The work grows with the number of messages, not with its square."""
    call = [make_request("OPTIONS", at / 10_000, node=f"n{at % nodes}") for at in range(3000)]

    assert sum(len(wire.sightings) for wire in wires_of(call)) == 3000
