"""Pure call logic: facts of a message, merging, states, times, flow. No I/O and no clock.

The storage writer, the metrics exporter, the API and the demo all use it, so that what the
database says and what the metrics say agree by construction.
"""

from hepscope_common.calls.attempt import Attempt, AttemptOutcome
from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.calls.dialog import Dialog, DialogId, DialogState, dialogs_of
from hepscope_common.calls.envelope import Envelope
from hepscope_common.calls.facts import CallFacts
from hepscope_common.calls.flow import ArrowKind, Flow, FlowArrow, flow_of
from hepscope_common.calls.folding import AttemptFolding, Event, EventKind
from hepscope_common.calls.hosts import FlowHost
from hepscope_common.calls.key_time import KeyTime, begins_again, choose_key_time, lookup_window
from hepscope_common.calls.keys import final_key, origin_key, status_of
from hepscope_common.calls.message import FlowMessage, flow_message
from hepscope_common.calls.message_facts import facts_of
from hepscope_common.calls.registration import (
    RegistrationFacts,
    RegistrationState,
    registration_of,
    registration_state,
)
from hepscope_common.calls.retransmission import retransmissions
from hepscope_common.calls.signal import Signal, is_followed, signal_of
from hepscope_common.calls.state import CallState, call_state
from hepscope_common.calls.times import duration_s, ended_us, pdd_ms, ring_s

__all__ = [
    "ArrowKind",
    "Attempt",
    "AttemptFolding",
    "AttemptOutcome",
    "CallFacts",
    "CallState",
    "Dialog",
    "DialogId",
    "DialogState",
    "Envelope",
    "Event",
    "EventKind",
    "Flow",
    "FlowArrow",
    "FlowHost",
    "FlowMessage",
    "KeyTime",
    "RegistrationFacts",
    "RegistrationState",
    "Signal",
    "begins_again",
    "call_state",
    "choose_key_time",
    "dialogs_of",
    "duration_s",
    "ended_us",
    "facts_of",
    "final_key",
    "flow_message",
    "flow_of",
    "is_followed",
    "lookup_window",
    "origin_key",
    "pdd_ms",
    "registration_of",
    "registration_state",
    "retransmissions",
    "ring_s",
    "signal_of",
    "status_of",
    "stored_call_id",
]
