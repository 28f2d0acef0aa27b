"""Dialogs: ids by both tags, states by RFC 3261 section 12."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.calls import Dialog, DialogId, DialogState, FlowMessage, dialogs_of
from unit.common.calls.samples import (
    SECOND_US,
    START_US,
    Seen,
    answered_call,
    any_call,
    flow_messages,
    make_request,
    make_response,
)


def dialogs(*call: Seen) -> list[Dialog]:
    """Return the dialogs of a call."""
    return dialogs_of(flow_messages(call))


def states(*call: Seen) -> list[DialogState]:
    """Return the states of a call's dialogs."""
    return [dialog.state for dialog in dialogs(*call)]


def test_dialog_goes_from_early_to_confirmed_to_terminated() -> None:
    """As its messages arrive."""
    call = answered_call()

    assert states(*call[:2]) == []
    assert states(*call[:3]) == [DialogState.EARLY]
    assert states(*call[:5]) == [DialogState.CONFIRMED]
    assert states(*call) == [DialogState.TERMINATED]


def test_answer_without_ringing_confirms_at_once() -> None:
    """The dialog has no early part."""
    (dialog,) = dialogs(make_request("INVITE", 0), make_response(200, 1))

    assert (dialog.state, dialog.confirmed_us) == (DialogState.CONFIRMED, dialog.started_us)


def test_dialog_knows_its_times_and_who_ended_it() -> None:
    """Id is Call-ID, caller's tag, callee's tag."""
    (dialog,) = dialogs(*answered_call())

    assert dialog.id == DialogId("call-1", "a", "b")
    assert dialog.confirmed_us == START_US + 5 * SECOND_US
    assert dialog.terminated_us == START_US + 65_400_000
    assert dialog.ended_by_caller


def test_bye_of_the_callee_finds_its_dialog() -> None:
    """Its tags are the other way round."""
    bye = make_request("BYE", 9, from_tag="b", to_tag="a")

    (dialog,) = dialogs(*answered_call()[:5], bye)

    assert (dialog.state, dialog.ended_by_caller) == (DialogState.TERMINATED, False)


def test_fork_gives_a_dialog_for_each_to_tag() -> None:
    """One answers; the other stays early until it is ended."""
    fork = [make_response(180, 1, to_tag="b"), make_response(180, 1.1, to_tag="c")]

    assert states(*fork, make_response(200, 2, to_tag="c")) == [
        DialogState.EARLY,
        DialogState.CONFIRMED,
    ]
    assert states(*fork, make_response(199, 2, to_tag="b")) == [
        DialogState.TERMINATED,
        DialogState.EARLY,
    ]


def test_failure_ends_early_dialogs() -> None:
    """Also under another To tag, as a proxy's own answer has."""
    assert states(make_response(180, 1), make_response(503, 2, to_tag="x")) == [
        DialogState.TERMINATED
    ]


def test_failed_re_invite_leaves_the_dialog_alone() -> None:
    """It was confirmed before."""
    call = [*answered_call()[:5], make_response(488, 9, cseq=2)]

    assert states(*call) == [DialogState.CONFIRMED]


@settings(max_examples=100, deadline=None)
@given(any_call, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_dialogs(
    call: list[Seen], chance: random.Random
) -> None:
    """Messages are put in order of time first."""
    shuffled = call.copy()
    chance.shuffle(shuffled)

    assert dialogs(*shuffled) == dialogs(*call)


@pytest.mark.timeout(60)  # what is quadratic takes much longer
def test_failures_of_a_call_that_forked_thousands_of_times_take_linear_time() -> None:
    """Each early dialog is ended once."""
    tried = [
        FlowMessage(str(n), 2 * n, "a", 1, "b", 1, call_id="c", status=180, cseq_method="INVITE",
                    from_tag="f", to_tag=str(n))
        for n in range(8_000)
    ]  # fmt: skip
    failed = [replace(one, time_us=one.time_us + 1, status=486, to_tag="t") for one in tried]

    found = dialogs_of(tried + failed)

    assert {dialog.state for dialog in found} == {DialogState.TERMINATED}
    assert [dialog.terminated_us for dialog in found] == [2 * n + 1 for n in range(8_000)]
