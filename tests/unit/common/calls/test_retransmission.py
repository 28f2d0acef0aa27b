"""Retransmissions: copies told from messages that only look like them."""

import pytest

from hepscope_common.calls import retransmissions
from unit.common.calls.samples import (
    BOB,
    PROXY,
    Seen,
    flow_messages,
    make_request,
    make_response,
)

NO_COPY: dict[str, Seen] = {
    "a retry after a challenge": make_request("INVITE", 1, cseq=2, branch="z9hG4bK-2"),
    "the same INVITE on the next hop": make_request(
        "INVITE", 1, source=PROXY, destination=BOB, branch="z9hG4bK-2"
    ),
    "what another node saw": make_request("INVITE", 0, node="n2"),
    "a CANCEL of the same branch": make_request("CANCEL", 1),
    "an INVITE after all timers": make_request("INVITE", 32.1),
    "a re-INVITE": make_request("INVITE", 1, to_tag="b"),
}


def marks(*call: Seen) -> list[bool]:
    """Return the marks of a call."""
    return retransmissions(flow_messages(call))


def test_invite_sent_by_timer_a_is_marked() -> None:
    """Each but the first, until timer B."""
    times = [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]

    assert marks(*(make_request("INVITE", at) for at in times)) == [False] + [True] * 6


def test_answer_sent_again_is_marked() -> None:
    """With the ACK that it brings forth."""
    call = [
        make_response(200, 1),
        make_request("ACK", 1.1, to_tag="b", branch="z9hG4bK-2"),
        make_response(200, 1.5),
        make_request("ACK", 1.6, to_tag="b", branch="z9hG4bK-2"),
    ]

    assert marks(*call) == [False, False, True, True]


@pytest.mark.parametrize("case", NO_COPY)
def test_other_messages_are_no_copies(case: str) -> None:
    """Something in each tells it from the first."""
    assert marks(make_request("INVITE"), NO_COPY[case]) == [False, False]


def test_answers_of_two_branches_are_no_copies() -> None:
    """A fork rings twice under one branch; the To tags differ."""
    assert marks(make_response(180, 1), make_response(180, 1.1, to_tag="c")) == [False, False]


def test_message_after_the_window_starts_anew() -> None:
    """Its own copies are copies again."""
    times = [0, 31, 40, 41]

    assert marks(*(make_request("OPTIONS", at) for at in times)) == [False, True, False, True]


def test_unreadable_messages_are_never_copies() -> None:
    """Nothing says that two are one."""
    message, envelope = make_request("")

    assert marks((message, envelope), (message, envelope)) == [False, False]
