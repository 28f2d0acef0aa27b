"""Flow: every message once, whatever the order it came in."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls import ArrowKind, Flow, FlowMessage, flow_of
from hepscope_common.calls.flow import arrow_kind, arrow_label
from unit.common.calls.samples import (
    START_US,
    Seen,
    answered_call,
    any_call,
    flow_messages,
    make_request,
    make_response,
)


def shown(flow: Flow) -> list[FlowMessage]:
    """Return every message of a flow: each is an arrow, or one of an arrow's copies."""
    return [one for arrow in flow.arrows for one in arrow.copies or (arrow.message,)]


def test_answered_call_as_a_ladder() -> None:
    """Hosts from left to right, arrows from top to bottom."""
    flow = flow_of(flow_messages(answered_call()))

    assert [host.id for host in flow.hosts] == ["192.0.2.1", "192.0.2.2"]
    assert [arrow.label for arrow in flow.arrows] == [
        "INVITE",
        "100 Reason 100",
        "180 Reason 180",
        "200 Reason 200",
        "ACK",
        "BYE",
        "200 Reason 200",
    ]
    assert (flow.arrows[0].from_host, flow.arrows[0].to_host) == ("192.0.2.1", "192.0.2.2")
    assert (flow.arrows[1].from_host, flow.arrows[1].to_host) == ("192.0.2.2", "192.0.2.1")
    assert not any(arrow.resend for arrow in flow.arrows)


def test_resends_are_numbered_and_kept() -> None:
    """They are arrows like any other."""
    call = [make_request("INVITE", at) for at in (1.5, 0, 0.5)]

    assert [a.resend for a in flow_of(flow_messages(call)).arrows] == [0, 1, 2]


def test_true_times_are_shown_where_the_order_is_corrected() -> None:
    """A response stands below its request with its earlier time."""
    flow = flow_of(flow_messages([make_request("INVITE", 0.2), make_response(100, 0)]))

    assert [arrow.message.time_us - START_US for arrow in flow.arrows] == [200_000, 0]


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (make_request("MESSAGE"), ArrowKind.REQUEST),
        (make_response(183), ArrowKind.PROVISIONAL),
        (make_response(202), ArrowKind.SUCCESS),
        (make_response(302), ArrowKind.REDIRECT),
        (make_response(407), ArrowKind.FAILURE),
        (make_response(603), ArrowKind.FAILURE),
        (make_response(999), ArrowKind.FAILURE),
        (make_request(""), ArrowKind.LOG),
    ],
)
def test_kinds_of_sip(seen: Seen, kind: ArrowKind) -> None:
    """By the class of the status."""
    assert arrow_kind(flow_messages([seen])[0]) is kind


@pytest.mark.parametrize(
    ("protocol_type", "kind"),
    [(4, ArrowKind.RTP), (5, ArrowKind.RTCP), (53, ArrowKind.DNS), (100, ArrowKind.LOG)],
)
def test_kinds_of_other_protocols(protocol_type: int, kind: ArrowKind) -> None:
    """By their HEP type; they bring their own label."""
    message = FlowMessage("1", 0, "", 0, "", 0, protocol_type=protocol_type, label="what")

    assert (arrow_kind(message), arrow_label(message)) == (kind, "what")


def test_label_without_reason_is_the_code_alone() -> None:
    """And an unreadable start line says so."""
    assert arrow_label(FlowMessage("1", 0, "", 0, "", 0, status=180)) == "180"
    assert arrow_label(FlowMessage("1", 0, "", 0, "", 0)) == "unreadable"


def test_flow_of_nothing_is_empty() -> None:
    """No hosts, no arrows."""
    assert flow_of([]) == Flow((), (), {}, {})


@settings(max_examples=200, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_shuffled_messages_give_one_flow(call: list[Seen], chance: random.Random) -> None:
    """Each message is one arrow, or one of its copies, between hosts that are there."""
    messages = flow_messages(call)
    shuffled = messages.copy()
    chance.shuffle(shuffled)

    flow = flow_of(shuffled)

    assert flow == flow_of(messages)
    assert sorted(one.message_id for one in shown(flow)) == sorted(m.message_id for m in messages)
    ends = {end for arrow in flow.arrows for end in (arrow.from_host, arrow.to_host)}
    assert ends == {host.id for host in flow.hosts}
