"""How much of everything a run does, and to what."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chaos.sabotage import Harm


class TargetName(StrEnum):
    """What is broken: ``TARGET`` of the environment."""

    PROCESSES = "processes"
    """An installation of processes on loopback."""
    CONTAINERS = "containers"
    """The same, of containers of our images."""
    COMPOSE = "compose"
    """The stack of deploy/compose."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much of everything."""

    rate: float = 200.0
    """Packets a second, of all lanes together."""
    packets: int = 100_000
    """The load goes on until so many were made."""
    seconds: float = 0.0
    """And at least for so long."""
    patience_seconds: float = 120.0
    """How long a recovery may take."""
    most_packets: int = 600_000
    """What the database's disk has room for."""
    broker: str = ""
    """``docker``, ``jars``, host:port of one that is left alone, or "" for what is there."""
    sabotage: Sequence[Harm] = ()
    """What is done to the database before the proof, which must then find it."""
    with_spool: bool = True
    """Whether ingest has a disk spool for the time without a broker."""
    target: TargetName = TargetName.PROCESSES
