"""What a run breaks, whatever it is made of: processes, containers, a stack of Docker Compose."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chaos.balance import Counts
from chaos.broker import Topics
from chaos.numbers import LaneName
from chaos.parts import Part
from chaos.plan import Fault
from chaos.runnable import Runnable


@dataclass(frozen=True, slots=True)
class Doors:
    """Where packets are sent to: ports of 127.0.0.1, and the address that UDP comes from.

    UDP and plain TCP have one, which leads to the first ingest; the others have one for each.
    """

    udp: int
    tcp: int
    hep: Sequence[int]
    http: Sequence[int]
    udp_source: str = "127.0.0.1"


class Breaker(Protocol):
    """Does faults to a target."""

    async def begin(self, fault: Fault) -> None:
        """Do it."""
        ...

    async def end(self, fault: Fault) -> None:
        """Undo it; what was killed runs again, which of the broker takes until it answers."""
        ...


class Target(Protocol):
    """A whole installation, running once it is entered."""

    logs: Path
    left_out: list[str]
    """What cannot be done to it or be told of it, and why."""
    is_balanced: bool
    """Whether ``count`` can tell the senders of plain lanes apart."""

    @property
    def title(self) -> str:
        """What the run calls it when it begins."""
        ...

    @property
    def parts(self) -> Mapping[Part, Runnable]:
        """Everything that can be broken."""
        ...

    @property
    def doors(self) -> Doors:
        """Where senders go."""
        ...

    @property
    def breaker(self) -> Breaker:
        """Does faults to it."""
        ...

    @property
    def broker(self) -> Topics:
        """Its Kafka, to be asked directly."""
        ...

    @property
    def dsn(self) -> str:
        """Its database, to be asked directly, as its owner."""
        ...

    def possible(self, plan: Sequence[Fault]) -> list[Fault]:
        """Return the faults that can be done to it; the others are noted in ``left_out``."""
        ...

    async def unready(self) -> list[str]:
        """Return what is not ready, each with what it says about itself."""
        ...

    async def count(self, lane: LaneName) -> Counts | None:
        """Return what became of a plain lane's packets; None while ingest does not answer."""
        ...


Opening = AbstractAsyncContextManager[Target]
"""A target that is not running yet; leaving it ends all that it started."""
