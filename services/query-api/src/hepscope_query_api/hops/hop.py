"""A hop of the way, how it was found, and the whole walk."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class HopName(StrEnum):
    """The hops, in the order in which a packet comes by."""

    LISTENER = "listener"
    """Ingest takes packets at an address."""
    ADMISSION = "admission"
    """What came is accepted, and not refused by a rule."""
    BUS = "bus"
    """What was accepted is carried to the storage-writer."""
    DATABASE = "database"
    """The database answers and has the schema of this release."""
    NEWEST = "newest"
    """What was accepted is found in it."""


class HopState(StrEnum):
    """How a hop was found."""

    OK = "ok"
    HINT = "hint"
    """Works, and something is worth knowing."""
    WARNING = "warning"
    """Works in part."""
    BROKEN = "broken"
    UNKNOWN = "unknown"
    """Nothing that was looked at tells."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop: ``detail`` is what was seen, ``do`` what to do, "" where nothing is to be done."""

    name: HopName
    state: HopState
    detail: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class NodeWalk:
    """The way of what one node sends."""

    kind: str
    name: str
    hops: Sequence[Hop]


@dataclass(frozen=True, slots=True)
class Walk:
    """All hops, and those of each node."""

    hops: Sequence[Hop]
    nodes: Sequence[NodeWalk]

    @property
    def broken(self) -> HopName | None:
        """The first hop that is broken: what lies behind it may be whole."""
        return next((hop.name for hop in self.hops if hop.state is HopState.BROKEN), None)
