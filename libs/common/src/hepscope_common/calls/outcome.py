"""Call outcome: how a call of any method went, as whoever runs the network judges it.

answered (2xx), poor (2xx, but a report tells a MOS below 3.6), not_taken (480, 486, 487, 600, 603
or CANCEL: what users decide, as ITU-T E.425 has it), rejected (any other 3xx or 4xx, also a
challenge that stays the last word), fault (any other final from 500), no_reply (408, or no final
in time), in_progress (no final yet, or talking).

It is the call's state (see ``state``) judged by its final, so that both never contradict each
other; a request of another method waits as long as Timer F (RFC 3261 17.1.2.2). A session whose
BYE is never seen is over a day after its answer, as everywhere here. A call whose capture began in
its midst, after the INVITE, counts as answered if its answer was seen, or as much as an ACK of it:
that proves that a final came, and nothing answers it.
"""

from enum import StrEnum
from typing import Final

from hepscope_common.calls.facts import CallFacts
from hepscope_common.calls.kpi import NER_STATUSES
from hepscope_common.calls.sessions import SESSION_US
from hepscope_common.calls.state import SETUP_TIMEOUT_US, CallState

POOR_MOS: Final = 3.595
"""Below 3.6 as it is shown, which is with two decimals."""


class CallOutcome(StrEnum):
    """The outcomes of a call, as the API names them."""

    ANSWERED = "answered"
    POOR = "poor"
    NOT_TAKEN = "not_taken"
    REJECTED = "rejected"
    FAULT = "fault"
    NO_REPLY = "no_reply"
    IN_PROGRESS = "in_progress"


_OF_STATE: Final = {
    CallState.SETUP: CallOutcome.IN_PROGRESS,
    CallState.RINGING: CallOutcome.IN_PROGRESS,
    CallState.CANCELLED: CallOutcome.NOT_TAKEN,
    CallState.TIMEOUT: CallOutcome.NO_REPLY,
}


def call_outcome(facts: CallFacts, now_us: int) -> CallOutcome:
    """Return the outcome of a call at ``now_us``, measured in packet time."""
    state = facts.state(now_us)
    if state in _OF_STATE:
        return _OF_STATE[state]
    if state is CallState.ANSWERED:
        answered_us = facts.started_us if facts.answered_us is None else facts.answered_us
        is_over = now_us - answered_us > SESSION_US
        return _answered(facts) if is_over else CallOutcome.IN_PROGRESS
    if state is CallState.COMPLETED:
        return _answered(facts)
    if state is CallState.OTHER:
        return _outcome_of_other(facts, now_us)
    assert facts.status is not None  # failed: a final is what made it so
    return outcome_of_status(facts.status)


def outcome_of_status(status: int) -> CallOutcome:
    """Return the outcome of a final from 300."""
    if status in NER_STATUSES:
        return CallOutcome.NOT_TAKEN
    if status == 408:
        return CallOutcome.NO_REPLY
    return CallOutcome.REJECTED if status < 500 else CallOutcome.FAULT


def _outcome_of_other(facts: CallFacts, now_us: int) -> CallOutcome:
    if facts.method == "CANCEL":
        return CallOutcome.NOT_TAKEN
    if facts.method == "ACK" or facts.answered_us is not None:
        return _answered(facts)
    status = facts.status
    if status is None:
        is_late = now_us - facts.started_us > SETUP_TIMEOUT_US
        return CallOutcome.NO_REPLY if is_late else CallOutcome.IN_PROGRESS
    return _answered(facts) if status < 300 else outcome_of_status(status)


def _answered(facts: CallFacts) -> CallOutcome:
    mos = None if facts.worst is None else facts.worst.mos
    return CallOutcome.POOR if mos is not None and mos < POOR_MOS else CallOutcome.ANSWERED
