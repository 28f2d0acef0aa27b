"""Reports of an ingest on its capture nodes, and their form on the bus.

A report is an ordinary HEP3 packet of type 100 (log), marked by chunk 5 of vendor 0x4853; its
payload is JSON (UTF-8) of the shapes below. Times are Unix microseconds, rates are per second over
the time since the report before, counts since the start of the ingest. Each state stands in a
numbered slot of its ingest's table, which is bounded: whatever names a forged flood invents, what
is kept of it has an end. A state without name tells that its slot is free; slot 0 is everything
that has no slot of its own, stands in every report, and is thereby the sign of life.

Whatever a record holds, ``decode_report`` gives a report or raises ReportError.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hep import HepPacket, encode3
from hep.chunks import NODE_REPORT, OWN_VENDOR

FORM: Final = 1
"""Value of the chunk; another one is for another shape of payload."""

MAX_SLOTS: Final = 1024
"""Slots of one ingest, that of the others included."""

MAX_NAME: Final = 256
"""Characters of a name, as of the nodes that the writer stores."""

MAX_WORDS: Final = 128
"""Reasons or quirks of one node; both are closed sets of some tens."""

MAX_DETAIL: Final = 200
"""Characters of what an error says."""

MAX_LISTENERS: Final = 64

STATES_PER_PACKET: Final = 12
"""The longest state takes 4 kB, and a packet 64 kB."""

LOG_TYPE: Final = 100

MAX_US: Final = 4_102_444_800_000_000
"""The year 2100: a time behind it is none."""

_MARK: Final = (OWN_VENDOR, NODE_REPORT & 0xFFFF)
_MAX_COUNT: Final = (1 << 63) - 1


class ReportError(ValueError):
    """A packet that is marked as a report and is none; the message says where it fails."""


class NodeKind(StrEnum):
    """What a state tells of."""

    NODE = "node"
    """A capture node, by the name or number that its packets say."""
    ADDRESS = "address"
    """A sender of refused packets that belong to no node, by its address."""
    OTHER = "other"
    """All nodes and addresses together that have no slot of their own."""


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds NUL")
    return text


_Count = Annotated[int, Field(ge=0, le=_MAX_COUNT)]
_Moment = Annotated[int, Field(ge=0, le=MAX_US)]
_Rate = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
_Word = Annotated[str, Field(pattern=r"\A[a-z0-9_]{1,64}\z")]
_Words = Annotated[dict[_Word, _Count], Field(max_length=MAX_WORDS)]
_Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_storable)]


class _Shape(BaseModel):
    """Strict about what is known; what a later release adds is passed over."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class NodeState(_Shape):
    """One row of the table of an ingest."""

    slot: Annotated[int, Field(ge=0, lt=MAX_SLOTS)]
    kind: NodeKind = NodeKind.NODE
    name: _Name = ""
    node_id: Annotated[int, Field(ge=0, le=0xFFFFFFFF)] | None = None
    packets: _Count = 0
    """Accepted."""
    packet_bytes: _Count = 0
    """Bytes of the accepted ones, as they came."""
    refused: _Words = {}
    """Packets and connections refused, by reason."""
    packets_per_s: _Rate = 0.0
    bytes_per_s: _Rate = 0.0
    refused_per_s: _Rate = 0.0
    first_seen_us: _Moment | None = None
    last_seen_us: _Moment | None = None
    """Arrival of the last packet accepted; None while none was."""
    last_refused_us: _Moment | None = None
    """When a refusal was noticed last, late by a report's period at most."""
    clock_skew_us: Annotated[int, Field(ge=-MAX_US, le=MAX_US)] | None = None
    """Capture time minus arrival, smoothed."""
    hep_versions: Annotated[list[Annotated[int, Field(ge=1, le=3)]], Field(max_length=3)] = []
    quirks: _Words = {}
    """Accepted packets that deviate from the specification, by kind of deviation."""


class ListenerState(_Shape):
    """An address at which an ingest takes packets."""

    transport: _Word
    """``udp``, ``tcp``, ``tls`` or ``http``."""
    host: Annotated[str, Field(pattern=r"\A[0-9A-Za-z.:%_-]{1,64}\z")]
    """Address; ``::`` is all of them, of IPv4 too."""
    port: Annotated[int, Field(ge=0, le=65535)]
    received: _Count = 0
    """Packets that came by this transport since the start, whatever became of them."""


class NodeReport(_Shape):
    """States of one ingest at one moment: those that changed, or all."""

    instance: Annotated[_Name, Field(min_length=1)]
    """The ingest; it has one name through all its starts."""
    started_us: _Moment
    """Start of the process, since which is counted."""
    reported_us: _Moment
    period_ms: Annotated[int, Field(ge=1, le=86_400_000)]
    """At the latest so long after this report the next one follows."""
    nodes: Annotated[list[NodeState], Field(max_length=MAX_SLOTS)]
    listeners: Annotated[list[ListenerState], Field(max_length=MAX_LISTENERS)] | None = None
    """Where it listens; None from a release that does not tell."""


def encode_reports(report: NodeReport) -> Iterator[bytes]:
    """Yield the packets of a report, canonical as ingest puts them on the bus."""
    for first in range(0, len(report.nodes), STATES_PER_PACKET):
        nodes = report.nodes[first : first + STATES_PER_PACKET]
        yield _encode(report.model_copy(update={"nodes": nodes}))


def _encode(report: NodeReport) -> bytes:
    instance = report.instance.encode()
    packet = HepPacket(
        protocol_type=LOG_TYPE,
        time_us=report.reported_us,
        received_at_us=report.reported_us,
        node_name=instance,
        routing_key=instance,
        payload=report.model_dump_json(exclude_defaults=True).encode(),
        extra=((*_MARK, bytes((FORM,))),),
    )
    return encode3(packet)


def is_report(packet: HepPacket) -> bool:
    """Whether a packet of the bus is a report: never a packet that came from outside."""
    return any(chunk[:2] == _MARK for chunk in packet.extra)


def decode_report(packet: HepPacket) -> NodeReport:
    """Return the report that a packet holds, which ``is_report`` says to be one.

    Raises ReportError and nothing else.
    """
    forms = [value for vendor, number, value in packet.extra if (vendor, number) == _MARK]
    if forms != [bytes((FORM,))]:
        raise ReportError("a form that this release does not know")
    try:
        return NodeReport.model_validate_json(packet.payload)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise ReportError(f"{where}: {fault['msg']}"[:MAX_DETAIL]) from error


def node_text(node_name: bytes, node_id: int) -> str:
    """Return a node's name as the writer stores it: cut, its number where it has none."""
    if not node_name:
        return str(node_id)
    text = node_name[: MAX_NAME * 4].decode("utf-8", "replace")
    return text.replace("\0", "\ufffd")[:MAX_NAME]
