"""Totals of attempts as live counting gives them: what every other way of counting must equal.

Signals are folded in the order of the bus, time passing as they arrive, as the exporter does it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hepscope_common.calls import Attempt, AttemptFolding, Event, EventKind, Signal, kpi

NEVER_US = 1 << 62


@dataclass
class Totals:
    """Finals, and delays in microseconds, of attempts that are closed."""

    invites: Counter[int | None] = field(default_factory=Counter)
    registers: Counter[int | None] = field(default_factory=Counter)
    follow_ups: int = 0
    completed: int = 0
    delays: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def take(self, event: Event) -> None:
        """Count what has happened to an attempt."""
        attempt = event.attempt
        if event.kind is EventKind.SETTLED:
            self._settled(attempt)
        elif event.kind is EventKind.ENDED:
            self._ended(attempt)

    def _settled(self, attempt: Attempt) -> None:
        statuses = self.invites if attempt.method == "INVITE" else self.registers
        statuses[attempt.status] += 1
        self.follow_ups += attempt.follows_redirection
        kind = "srd_successful" if attempt.is_answered else "srd_failed"
        self._time(kind, attempt.request_delay_us)
        self._time("pdd", attempt.post_dial_delay_us)
        self._time("rrd", attempt.registration_delay_us)

    def _ended(self, attempt: Attempt) -> None:
        self.completed += attempt.is_completed
        kind = "sdd_successful" if kpi.is_success(attempt.bye_status) else "sdd_failed"
        self._time(kind, attempt.disconnect_delay_us)
        kind = "sdt_failed" if attempt.bye_status is None else "sdt_successful"
        self._time(kind, attempt.duration_us)
        self._time("acd", attempt.duration_us)

    def _time(self, name: str, time_us: int | None) -> None:
        if time_us is not None:
            self.delays[name].append(time_us)

    def ratios(self) -> dict[str, tuple[int, int]]:
        """Return numerator and denominator of each ratio."""
        invites = self.invites
        return {
            "ser": kpi.ser(invites),
            "seer": kpi.seer(invites),
            "scr": kpi.scr(invites, self.completed),
            "isa": kpi.isa(invites),
            "ira": kpi.ira(self.registers),
            "asr": kpi.asr(invites),
            "ner": kpi.ner(invites),
            "abr": kpi.abr(invites, self.follow_ups),
        }

    def times(self) -> dict[str, tuple[int, int]]:
        """Return count and sum in microseconds of each delay that occurs."""
        return {name: (len(times), sum(times)) for name, times in self.delays.items()}


def totals_of(signals: Iterable[Signal], scope: str = "") -> Totals:
    """Return the totals of signals in the order of the bus; those of a node with its name."""
    folding, totals = AttemptFolding(), Totals()
    for signal in signals:
        if scope in {"", signal.node}:
            for event in folding.expire(signal.received_us):
                totals.take(event)
            for event in folding.feed(signal, scope):
                totals.take(event)
    for event in folding.expire(NEVER_US):
        totals.take(event)
    return totals


def answered_ratios(answer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return the ratios of an answer of ``stats/kpi`` as ``Totals.ratios`` has them."""
    return {
        name: (found["numerator"], found["denominator"])
        for name, found in answer.items()
        if isinstance(found, dict) and "numerator" in found
    }


def answered_times(answer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return the delays of an answer of ``stats/kpi`` as ``Totals.times`` has them."""
    return {
        name: (found["count"], round(found["mean_ms"] * 1000 * found["count"]))
        for name, found in answer.items()
        if isinstance(found, dict) and found.get("count")
    }
