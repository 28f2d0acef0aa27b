"""Message facts: what one message says, well-formed or not."""

import pytest

from hep.sip import Fault, SipMessage
from hepscope_common.calls import CallFacts, Envelope, facts_of
from hepscope_common.calls.bounds import AGENT_CHARS, USER_CHARS
from hepscope_common.calls.facts import (
    FLAG_EARLY_MEDIA,
    FLAG_FAULT,
)
from hepscope_common.calls.message_facts import has_sdp
from unit.common.calls.samples import (
    ALICE,
    PROXY,
    START_US,
    Seen,
    make_request,
    make_response,
    record_of,
)


def facts_from(seen: Seen) -> CallFacts:
    """Return the facts of one sample."""
    return facts_of(*seen)


def test_response_without_request_swaps_the_parties() -> None:
    """A record that begins with a response names the caller as source all the same."""
    facts = facts_from(make_response(180, 1))

    assert (facts.method, facts.from_user, facts.user_agent) == ("INVITE", "alice", "")
    assert (facts.source, facts.source_port) == (bytes([192, 0, 2, 1]), ALICE[1])
    assert facts.destination_port == PROXY[1]
    assert facts.is_orphan


@pytest.mark.parametrize("method", ["ACK", "CANCEL"])
def test_ack_and_cancel_are_never_initial(method: str) -> None:
    """They come without To tag too, and start nothing."""
    assert facts_from(make_request(method)).is_orphan


@pytest.mark.parametrize(
    ("status", "sdp", "rings", "progresses"),
    [
        (100, False, False, False),
        (180, False, True, True),
        (181, False, True, False),
        (183, False, True, False),
        (183, True, True, True),
        (199, False, False, False),
    ],
)
def test_provisional_responses(status: int, *, sdp: bool, rings: bool, progresses: bool) -> None:
    """18x rings; 180, and 183 with SDP, end the post-dial delay."""
    facts = facts_from(make_response(status, sdp=sdp))

    assert (facts.ringing_us is not None, facts.progress_us is not None) == (rings, progresses)
    assert bool(facts.flags & FLAG_EARLY_MEDIA) == sdp


def test_sdp_is_found_in_a_multipart_body() -> None:
    """And in no body that only claims it."""
    body = b"--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--x--"

    assert has_sdp(SipMessage(content_type="multipart/mixed", body=body))
    assert not has_sdp(SipMessage(content_type="multipart/mixed", body=b"--x--"))
    assert not has_sdp(SipMessage(content_type="application/sdp"))


def test_status_of_four_digits_is_no_final() -> None:
    """It would not fit the key; the message still counts."""
    record = record_of([make_request("INVITE"), make_response(4294, 1)])

    assert (record.status, record.message_count) == (None, 2)


def test_message_without_start_line_counts_and_claims_nothing() -> None:
    """Its addresses are left as they were."""
    message = SipMessage(call_id="x", faults=(Fault.BAD_START_LINE,))

    facts = facts_of(message, Envelope(START_US, source=b"\1\2\3\4", size=7))

    assert (facts.method, facts.methods, facts.finals) == ("", 0, {})
    assert (facts.source, facts.bytes, facts.flags) == (b"\1\2\3\4", 7, FLAG_FAULT)


def test_long_texts_are_cut() -> None:
    """No text can be too long for an index."""
    message = SipMessage(
        method="M" * 99, from_user="u" * 999, ruri_domain="d" * 999, user_agent="a" * 999
    )

    facts = facts_of(message, Envelope(START_US))

    assert len(facts.from_user) == len(facts.ruri_domain) == USER_CHARS
    assert (len(facts.user_agent), len(facts.method)) == (AGENT_CHARS, 32)
