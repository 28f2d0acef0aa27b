"""What is known of the way: said by ingests, found in the database, asked of parts of a process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ListenerFacts:
    """An address at which an ingest says to take packets."""

    transport: str
    host: str
    port: int
    received: int


@dataclass(frozen=True, slots=True)
class IngestFacts:
    """The newest report of one ingest."""

    instance: str
    is_living: bool
    """Whether its reports go on, by the database's clock."""
    started_at: datetime
    reported_at: datetime
    """By its own clock."""
    stored_at: datetime
    report_age_s: float
    listeners: Sequence[ListenerFacts] | None
    """None from a release that does not say."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What living ingests say of a node or address together, and what is stored of it."""

    kind: str
    name: str
    accepted: int
    refused: Mapping[str, int]
    refused_per_s: float
    last_accepted: datetime | None
    last_stored: datetime | None
    """Both are times of arrival by the clock of the ingest."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the database tells."""

    now: datetime
    ingests: Sequence[IngestFacts]
    nodes: Sequence[NodeFacts]
    writers: int
    """Sessions of storage-writers at the database."""
    newest_packet: datetime | None
    newest_call: datetime | None

    @property
    def living(self) -> Sequence[IngestFacts]:
        """The ingests whose reports go on."""
        return [one for one in self.ingests if one.is_living]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one hop by looking at it, which counts more than any report."""

    is_whole: bool
    detail: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Looks:
    """What a process knows of itself, or a command of its machine; None where it cannot look."""

    database: Look
    listener: Look | None = None
    bus: Look | None = None
