"""The proof, by numbers: what was promised or accepted against what is stored.

``topic`` holds how often each number stands on the bus (a record that was sent again stands there
twice, which is lawful), ``stored`` how many rows of each number the database has, ``acknowledged``
the numbers that ingest answered for. Nothing here counts totals against totals: one lost packet
and one doubled one would cancel out.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from chaos.numbers import Number

MOST_SHOWN = 12
"""Stretches of numbers that a report lists."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; every set but the first three is empty when all is well."""

    accepted: AbstractSet[Number]
    """On the bus, or promised to be."""
    acknowledged: AbstractSet[Number]
    stored: AbstractSet[Number]
    not_stored: AbstractSet[Number]
    """On the bus, and in no row."""
    broken_promises: AbstractSet[Number]
    """Acknowledged, and not on the bus."""
    doubled: AbstractSet[Number]
    """In more than one row."""
    unexplained: AbstractSet[Number]
    """In a row, and not on the bus: the bus forgot something, or the proof looked wrongly."""
    miscounted: AbstractSet[Number]
    """Stored, and its call record does not count exactly one message."""
    garbled: int = 0
    """Rows whose Call-ID and payload name different numbers."""

    @property
    def lost(self) -> AbstractSet[Number]:
        """Everything that was accepted and is not stored."""
        return self.accepted - self.stored

    @property
    def holds(self) -> bool:
        """Whether every promise about stored numbers was kept."""
        broken = self.lost or self.broken_promises or self.doubled
        return not (broken or self.unexplained or self.miscounted or self.garbled)


def verify(
    *,
    topic: Mapping[Number, int],
    stored: Mapping[Number, int],
    acknowledged: AbstractSet[Number],
    calls: Mapping[Number, int],
    garbled: int = 0,
) -> Verdict:
    """Compare; ``calls`` is how many messages the call record of each number counts."""
    on_bus = frozenset(topic)
    rows = frozenset(stored)
    return Verdict(
        accepted=on_bus | acknowledged,
        acknowledged=frozenset(acknowledged),
        stored=rows,
        not_stored=on_bus - rows,
        broken_promises=frozenset(acknowledged) - on_bus,
        doubled=frozenset(number for number, count in stored.items() if count > 1),
        unexplained=rows - on_bus,
        miscounted=frozenset(number for number in rows if calls.get(number) != 1),
        garbled=garbled,
    )


def stretches(numbers: AbstractSet[Number]) -> str:
    """Return numbers in short, as ``udp 3-7, udp 9``; what is too long is cut."""
    found: list[tuple[str, int, int]] = []
    for lane, n in sorted(numbers):
        if found and found[-1][0] == lane and found[-1][2] == n - 1:
            found[-1] = (lane, found[-1][1], n)
        else:
            found.append((lane, n, n))
    words = [f"{lane} {a}" if a == b else f"{lane} {a}-{b}" for lane, a, b in found]
    more = f" and {len(words) - MOST_SHOWN} more" if len(words) > MOST_SHOWN else ""
    return ", ".join(words[:MOST_SHOWN]) + more
