"""The shape of the walk."""

from hepscope_query_api.hops.facts import Facts, IngestFacts
from hepscope_query_api.hops.hop import Hop, HopName, HopState, Walk
from hepscope_query_api.schemas import Shape, Time
from hepscope_query_api.timestamps import format_time


class HopItem(Shape):
    """How one hop was found."""

    hop: HopName
    state: HopState
    detail: str
    """What was seen."""
    do: str
    """What to do; empty where nothing is to be done."""


class NodeHops(Shape):
    """The hops of what one node sends."""

    kind: str
    """`node`, `address` or `other`, as in the list of nodes."""
    name: str
    hops: list[HopItem]


class Listener(Shape):
    """An address at which an ingest takes packets."""

    transport: str
    """`udp`, `tcp`, `tls` or `http` (WebSocket too)."""
    host: str
    """`::` is every address of its machine."""
    port: int
    received: int
    """Packets that came by this transport since the start, whatever became of them."""


class IngestItem(Shape):
    """What an ingest says of itself."""

    instance: str
    is_living: bool
    """Whether its reports go on."""
    started_at: Time
    report_age_s: float
    """How long ago its last report was stored."""
    listeners: list[Listener] | None
    """Null from a release that does not say."""


class Hops(Shape):
    """The way of a packet, hop by hop."""

    items: list[HopItem]
    """Listener, admission, bus, database, newest row."""
    nodes: list[NodeHops]
    """Those heard or refused last, at most 200."""
    broken: HopName | None
    """The first hop that is broken."""
    ingests: list[IngestItem]
    is_here: bool
    """Whether ingest is part of the process that answers."""


def hops_of(walk: Walk, facts: Facts | None, *, is_here: bool) -> Hops:
    """Return the answer."""
    return Hops(
        items=[_item(hop) for hop in walk.hops],
        nodes=[
            NodeHops(kind=one.kind, name=one.name, hops=[_item(hop) for hop in one.hops])
            for one in walk.nodes
        ],
        broken=walk.broken,
        ingests=[_ingest(one) for one in facts.ingests] if facts else [],
        is_here=is_here,
    )


def _item(hop: Hop) -> HopItem:
    return HopItem(hop=hop.name, state=hop.state, detail=hop.detail, do=hop.do)


def _ingest(one: IngestFacts) -> IngestItem:
    listeners = None
    if one.listeners is not None:
        listeners = [
            Listener(
                transport=each.transport, host=each.host, port=each.port, received=each.received
            )
            for each in one.listeners
        ]
    return IngestItem(
        instance=one.instance,
        is_living=one.is_living,
        started_at=format_time(one.started_at),
        report_age_s=round(max(one.report_age_s, 0.0), 3),
        listeners=listeners,
    )
