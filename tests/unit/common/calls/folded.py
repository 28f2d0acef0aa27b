"""Folding for tests: what messages give, in the order given, time passing with them."""

from collections.abc import Sequence

from hepscope_common.calls import (
    Attempt,
    AttemptFolding,
    Event,
    EventKind,
    signal_of,
)
from unit.common.calls.samples import (
    Seen,
)

NEVER_US = 1 << 62
"""Later than any timer."""


def events_of(call: Sequence[Seen], end_us: int = NEVER_US, scope: str = "") -> list[Event]:
    """Return what messages in this order give, time passing with them."""
    folding = AttemptFolding()
    events: list[Event] = []
    for message, envelope in call:
        events += folding.expire(envelope.time_us)
        events += folding.feed(signal_of(message, envelope), scope)
    return events + folding.expire(end_us)


def fold(call: Sequence[Seen], end_us: int = NEVER_US) -> list[Attempt]:
    """Return the attempts that are settled by then."""
    events = events_of(call, end_us)
    return [attempt for kind, attempt in events if kind is EventKind.SETTLED]


def statuses(call: Sequence[Seen]) -> list[int | None]:
    """Return the statuses of the attempts of a call."""
    return [attempt.status for attempt in fold(call)]
