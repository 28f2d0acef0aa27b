"""Measuring: the attempts of a call from all of its messages, as all nodes and as each saw them.

A pure function of the messages, whatever their order, and of the time, which decides only what is
still open. The messages are folded in packet time, by the same code that counts them as they
come. An attempt is overall (all nodes as one capture); a node that saw it just so is named in it,
one that saw it otherwise has a row of its own. Times are microseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hepscope_common.calls.attempt import Attempt
from hepscope_common.calls.facts import MAX_NODES
from hepscope_common.calls.folding import AttemptFolding, EventKind
from hepscope_common.calls.kpi import is_success
from hepscope_common.calls.signal import Signal
from hepscope_common.calls.state import RINGING_TIMEOUT_US, SECOND_US, SETUP_TIMEOUT_US

_NEVER_US: Final = 1 << 62
_AFTERWARDS_US: Final = SECOND_US  # so that a timer has run out when one looks again


class Filed(NamedTuple):
    """A signal, and the time under which its message is filed; it differs for a broken clock."""

    signal: Signal
    filed_us: int


class MeasuredAttempt(NamedTuple):
    """An attempt as it is stored; delays are None where RFC 6076 has none.

    ``started_us`` is when it is filed, ``answered_us`` and ``ended_us`` (its BYE) go with it.
    """

    call_id: str
    method: str
    started_us: int
    answered_us: int | None
    ended_us: int | None
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    user_agent: str
    status: int | None
    bye_status: int | None
    is_settled: bool
    is_completed: bool
    is_ended: bool
    follows_redirection: bool
    srd_us: int | None
    pdd_us: int | None
    rrd_us: int | None
    sdd_us: int | None
    duration_us: int | None
    is_overall: bool = True
    nodes: tuple[str, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether it made a session."""
        return self.method == "INVITE" and is_success(self.status)


@dataclass(slots=True)
class Measurement:
    """Attempts by their start; ``due_us`` is when to look again, None once nothing is open."""

    attempts: list[MeasuredAttempt] = field(default_factory=list)
    due_us: int | None = None


def measure(messages: Iterable[Filed], now_us: int) -> Measurement:
    """Return the attempts of one Call-ID, as they are when packets arrive at ``now_us``."""
    ordered = sorted(messages, key=lambda one: signal_order(one.signal))
    if not ordered:
        return Measurement()
    signals = [one.signal for one in ordered]
    filed = _filed_times(ordered)
    newest = signals[-1]
    skew_us = newest.received_us - newest.time_us
    clock_us = now_us - skew_us
    nodes = sorted({signal.node for signal in signals if signal.node})[:MAX_NODES]
    attempts, is_open = _fold(signals, "", clock_us, filed)
    if len(nodes) == 1 and all(signal.node for signal in signals):
        attempts = [attempt._replace(nodes=(nodes[0],)) for attempt in attempts]
    else:
        own: list[tuple[str, MeasuredAttempt]] = []
        for node in nodes:
            seen = [signal for signal in signals if signal.node == node]
            found, is_node_open = _fold(seen, node, clock_us, filed)
            is_open = is_open or is_node_open
            own += [(node, attempt) for attempt in found]
        attempts = _merged(attempts, own)
    if not is_open:
        return Measurement(attempts)
    due_us = newest.time_us + _longest_us(signals, attempts) + skew_us + _AFTERWARDS_US
    return Measurement(attempts, due_us)


def signal_order(signal: Signal) -> tuple[object, ...]:
    """Return the key of packet time; where times are equal, of the course of a call.

    Total for signals that differ in anything that is measured.
    """
    # A BYE counts its CSeq apart from the INVITE's, and comes after it.
    phase = 0 if signal.method else 1 if signal.status < 200 else 2
    return (
        signal.time_us,
        signal.cseq_method == "BYE",
        signal.cseq or 0,
        phase,
        signal.status,
        signal.source,
        signal.source_port,
        signal.destination,
        signal.destination_port,
        signal.node,
        signal.via_branch,
        signal.from_tag,
        signal.to_tag,
        signal.cseq_method,
        signal.method,
        signal.user_agent,
        signal.has_sdp,
    )


def _fold(
    signals: Sequence[Signal], scope: str, clock_us: int, filed: dict[int, int]
) -> tuple[list[MeasuredAttempt], bool]:
    """Return the attempts that one scope saw by its clock, and whether anything is open."""
    folding = AttemptFolding()
    seen: dict[int, Attempt] = {}
    for signal in signals:
        # As if each had arrived at its own time: what is late by now was not so then.
        events = folding.expire(signal.time_us)
        events += folding.feed(signal._replace(received_us=signal.time_us), scope)
        seen.update((id(attempt), attempt) for _, attempt in events)
    seen.update((id(attempt), attempt) for _, attempt in folding.expire(clock_us))
    attempts = [_measured(attempt, filed) for attempt in seen.values()]
    rest = folding.expire(_NEVER_US)
    return attempts, any(event.kind is not EventKind.OPENED for event in rest)


def _measured(attempt: Attempt, filed: dict[int, int]) -> MeasuredAttempt:
    filed_us = filed.get(attempt.started_us, attempt.started_us)
    shift_us = filed_us - attempt.started_us
    is_settled = attempt.is_settled or attempt.method == "BYE"
    answered_us = attempt.final_us if is_settled and attempt.is_answered else None
    is_hung_up = attempt.is_ended and attempt.bye_us is not None
    return MeasuredAttempt(
        call_id=attempt.call_id,
        method=attempt.method,
        started_us=filed_us,
        answered_us=None if answered_us is None else answered_us + shift_us,
        ended_us=attempt.bye_us + shift_us if is_hung_up and attempt.bye_us is not None else None,
        source=attempt.source,
        source_port=attempt.source_port,
        destination=attempt.destination,
        destination_port=attempt.destination_port,
        user_agent=attempt.user_agent,
        status=attempt.status,
        bye_status=attempt.bye_status,
        is_settled=is_settled,
        is_completed=attempt.is_completed,
        is_ended=attempt.is_ended,
        follows_redirection=attempt.follows_redirection,
        srd_us=attempt.request_delay_us if is_settled else None,
        pdd_us=attempt.post_dial_delay_us if is_settled else None,
        rrd_us=attempt.registration_delay_us,
        sdd_us=attempt.disconnect_delay_us,
        duration_us=attempt.duration_us,
    )


def _merged(
    overall: Sequence[MeasuredAttempt], own: Iterable[tuple[str, MeasuredAttempt]]
) -> list[MeasuredAttempt]:
    """Return one row for each attempt, with the nodes that saw it so."""
    nodes: dict[MeasuredAttempt, list[str]] = {attempt: [] for attempt in overall}
    others: list[MeasuredAttempt] = []
    for node, attempt in own:
        same = nodes.get(attempt)
        if same is None:
            others.append(attempt._replace(is_overall=False, nodes=(node,)))
        elif node not in same:
            same.append(node)
    return [attempt._replace(nodes=tuple(nodes[attempt])) for attempt in overall] + others


def _filed_times(ordered: Sequence[Filed]) -> dict[int, int]:
    """Return when what began at a packet time is filed: as its request is."""
    filed: dict[int, int] = {}
    for signal, filed_us in ordered:
        if signal.method:
            known = filed.get(signal.time_us)
            filed[signal.time_us] = filed_us if known is None else min(known, filed_us)
    return filed


def _longest_us(signals: Iterable[Signal], attempts: Iterable[MeasuredAttempt]) -> int:
    """Return how long after the last message anything can stay open."""
    rings = any(
        signal.cseq_method == "INVITE" and not signal.method and 100 < signal.status < 200
        for signal in signals
    )
    if rings and any(one.method == "INVITE" and not one.is_settled for one in attempts):
        return RINGING_TIMEOUT_US
    return SETUP_TIMEOUT_US
