"""Flow: the ladder of calls, hosts as columns and one arrow per message on the wire.

A pure function of stored rows: the same messages in any order give the same flow, and every
message is one arrow, or one of an arrow's copies. Arrows are ordered by packet time with the
skew between nodes taken off (see ``skew``) and what SIP makes impossible undone (see ``order``),
but each keeps its true time, in microseconds since the epoch.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hepscope_common.calls.copies import WireMessage, wire_messages
from hepscope_common.calls.hosts import FlowHost, hosts_of
from hepscope_common.calls.message import FlowMessage
from hepscope_common.calls.offer_answer import OfferAnswer, SdpRole
from hepscope_common.calls.order import logical_order, time_key, transaction_key
from hepscope_common.calls.vantage import nodes_at


class ArrowKind(StrEnum):
    """What an arrow stands for; the page colours by it."""

    REQUEST = "request"
    PROVISIONAL = "provisional"
    SUCCESS = "success"
    REDIRECT = "redirect"
    FAILURE = "failure"
    RTCP = "rtcp"
    RTP = "rtp"
    LOG = "log"
    DNS = "dns"


# HEP protocol types (chunk 11) that are not SIP; every other one is shown as a log line.
_KINDS: Final = {4: ArrowKind.RTP, 5: ArrowKind.RTCP, 53: ArrowKind.DNS}
_SIP_KINDS: Final = {
    1: ArrowKind.PROVISIONAL,
    2: ArrowKind.SUCCESS,
    3: ArrowKind.REDIRECT,
}


@dataclass(frozen=True, slots=True)
class FlowArrow:
    """One message on its way from host id to host id.

    ``copies`` are all sightings of it where there are several, in order of time, ``message``
    among them. ``correction_us`` was added to its time to find its place. ``early_us`` is how
    much before its request a response is stamped, None where it is not.
    """

    message: FlowMessage
    from_host: str
    to_host: str
    label: str
    kind: ArrowKind
    resend: int
    copies: tuple[FlowMessage, ...]
    correction_us: int
    early_us: int | None
    sdp_role: SdpRole | None


@dataclass(frozen=True, slots=True)
class Flow:
    """Hosts in the order in which they first take part, arrows in the order of events.

    ``nodes`` are those that captured at a host, by its id (see ``vantage``); ``skews_us`` how far
    the clocks of nodes are ahead, by name, where that is more than nothing.
    """

    hosts: tuple[FlowHost, ...]
    arrows: tuple[FlowArrow, ...]
    nodes: Mapping[str, Sequence[str]]
    skews_us: Mapping[str, int]


def flow_of(messages: Iterable[FlowMessage], *, fold: bool = True) -> Flow:
    """Return the flow of all messages of a call, or of several in one ladder.

    Without ``fold``, each copy of a message is an arrow of its own.
    """
    timed = sorted(messages, key=time_key)
    hosts = hosts_of(timed)
    wires, clocks = wire_messages(timed)
    if not fold:
        wires = [WireMessage(one, (one,), wire.resend) for wire in wires for one in wire.sightings]
    placed = sorted(
        ((_placed(wire.best, clocks.skew_us(wire.best.node)), wire) for wire in wires),
        key=lambda pair: time_key(pair[0]),
    )
    ends = [
        (
            hosts[wire.best.source, wire.best.source_port],
            hosts[wire.best.destination, wire.best.destination_port],
        )
        for _, wire in placed
    ]
    offers = OfferAnswer(timed)
    requested = _requested(wire.best for wire in wires)
    columns: dict[str, FlowHost] = {}
    arrows = []
    ids = [(source.id, destination.id) for source, destination in ends]
    for at in logical_order([message for message, _ in placed], ids):
        moved, wire = placed[at]
        for end in ends[at]:
            columns.setdefault(end.id, end)
        best = wire.best
        arrows.append(
            FlowArrow(
                message=best,
                from_host=ids[at][0],
                to_host=ids[at][1],
                label=arrow_label(best),
                kind=arrow_kind(best),
                resend=wire.resend,
                copies=wire.sightings if len(wire.sightings) > 1 else (),
                correction_us=moved.time_us - best.time_us,
                early_us=_early_us(best, requested),
                sdp_role=offers.role(best),
            )
        )
    return Flow(tuple(columns.values()), tuple(arrows), nodes_at(timed, hosts), clocks.skewed)


def _placed(message: FlowMessage, skew_us: int) -> FlowMessage:
    return replace(message, time_us=message.time_us - skew_us) if skew_us else message


def _requested(messages: Iterable[FlowMessage]) -> dict[Hashable, int]:
    """Return the time of the first request of each transaction, as it is stamped."""
    times: dict[Hashable, int] = {}
    for message in messages:
        if message.method:
            key = transaction_key(message)
            times[key] = min(times.get(key, message.time_us), message.time_us)
    return times


def _early_us(message: FlowMessage, requested: Mapping[Hashable, int]) -> int | None:
    if message.method or not message.status:
        return None
    early_us = requested.get(transaction_key(message), message.time_us) - message.time_us
    return early_us if early_us > 0 else None


def arrow_kind(message: FlowMessage) -> ArrowKind:
    """Return the kind of a message; SIP without a readable start line is shown as a log line."""
    if message.protocol_type != 1:
        return _KINDS.get(message.protocol_type, ArrowKind.LOG)
    if message.method:
        return ArrowKind.REQUEST
    if not message.status:
        return ArrowKind.LOG
    return _SIP_KINDS.get(message.status // 100, ArrowKind.FAILURE)


def arrow_label(message: FlowMessage) -> str:
    """Return the method, or status code and reason phrase."""
    if message.label:
        return message.label
    if message.method:
        return message.method
    return f"{message.status} {message.reason}".rstrip() if message.status else "unreadable"
