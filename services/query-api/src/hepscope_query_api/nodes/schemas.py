"""The shape of a node."""

from datetime import datetime

import asyncpg

from hepscope_query_api.nodes.reports import Reported, merged, skew_ms
from hepscope_query_api.schemas import Shape, Time
from hepscope_query_api.timestamps import format_time


class NodeReport(Shape):
    """What one instance of ingest says of a node; counts are since its start."""

    instance: str
    """Name of the ingest, by default its host and first port."""
    is_living: bool
    """Whether its reports go on; only then it is part of what the node shows."""
    started_at: Time
    """Start of the ingest."""
    reported_at: Time
    """When it said so, by its own clock."""
    report_age_s: float
    """How long ago its last report was stored, by the database's clock."""
    last_seen: Time | None
    """Last packet accepted; null while none was."""
    packets: int
    """Packets accepted."""
    bytes: int
    """Bytes of those, HEP included."""
    packets_per_s: float
    """Packets accepted a second, over the last period of its reports."""
    bytes_per_s: float
    """Bytes accepted a second."""
    refused_per_s: float
    """Packets and connections refused a second."""
    refusals: dict[str, int]
    """Packets and connections refused, by reason."""
    clock_skew_ms: float | None
    """Capture time minus arrival, smoothed."""


class Node(Shape):
    """An agent that captured something, or an address from which packets are only refused."""

    kind: str
    """`node`; `address`: a sender of refused packets that belong to no node; `other`: all those
    together that an ingest has no room to tell apart."""
    name: str
    """HEP chunk 19, else its id; of an address, the address."""
    node_id: int | None
    """HEP chunk 12, of its newest packet."""
    first_seen: Time
    last_seen: Time
    """Last packet accepted, or refused where none was."""
    last_refused: Time | None
    """When a refusal was noticed last."""
    hep_version: int | None
    """HEP version of its newest packet."""
    packet_count: int
    """Packets of all types that are stored; may lag by seconds."""
    packets_per_s: float | None
    """Packets accepted a second, by all ingests that live; null when none of them knows it."""
    bytes_per_s: float | None
    """Bytes accepted a second, HEP included."""
    refused_per_s: float | None
    """Packets and connections refused a second."""
    refusals: dict[str, int]
    """Packets and connections refused, by reason, since the starts of the ingests that live."""
    clock_skew_ms: float | None
    """Capture time minus arrival, smoothed: ahead when positive, delays make it negative."""
    hep_versions: list[int]
    """All HEP versions that came."""
    quirks: dict[str, int]
    """Packets that deviate from the HEP specification in a tolerated way, by deviation."""
    instances: list[NodeReport]
    """What each ingest says, the newest report first."""


def node_of(row: asyncpg.Record, reports: list[Reported]) -> Node:
    """Return the item of a row and of what is reported of it."""
    told = merged(reports)
    return Node(
        kind=row["kind"],
        name=row["name"],
        node_id=row["node_id"],
        first_seen=format_time(row["first_seen"]),
        last_seen=format_time(row["last_seen"]),
        last_refused=_time_or_none(row["last_refused"]),
        hep_version=row["hep_version"],
        packet_count=row["packet_count"],
        packets_per_s=told.packets_per_s,
        bytes_per_s=told.bytes_per_s,
        refused_per_s=told.refused_per_s,
        refusals=told.refused,
        clock_skew_ms=told.clock_skew_ms,
        hep_versions=told.hep_versions,
        quirks=told.quirks,
        instances=[_report_of(one) for one in reports],
    )


def _report_of(one: Reported) -> NodeReport:
    return NodeReport(
        instance=one.instance,
        is_living=one.is_living,
        started_at=format_time(one.started_at),
        reported_at=format_time(one.reported_at),
        report_age_s=round(max(one.report_age_s, 0.0), 3),
        last_seen=_time_or_none(one.last_seen),
        packets=one.packets,
        bytes=one.bytes,
        packets_per_s=one.packets_per_s,
        bytes_per_s=one.bytes_per_s,
        refused_per_s=one.refused_per_s,
        refusals=dict(sorted(one.refused.items())),
        clock_skew_ms=skew_ms(one.clock_skew_us),
    )


def _time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
