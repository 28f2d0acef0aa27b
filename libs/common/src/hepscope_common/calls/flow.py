"""Flow: the ladder of a call, hosts as columns and one arrow per message.

A pure function of stored rows: the same messages in any order give the same flow, and every
message gives exactly one arrow. Arrows are ordered by packet time with small skews undone (see
``order``), but each keeps its true time, in microseconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hepscope_common.calls.hosts import FlowHost, hosts_of
from hepscope_common.calls.message import FlowMessage
from hepscope_common.calls.order import logical_order, time_key
from hepscope_common.calls.retransmission import Retransmissions


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
    """One message on its way from host id to host id."""

    message_id: str
    time_us: int
    from_host: str
    to_host: str
    label: str
    kind: ArrowKind
    retransmission: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """Hosts in the order in which they first take part, arrows in the order of events."""

    hosts: tuple[FlowHost, ...]
    arrows: tuple[FlowArrow, ...]


def flow_of(messages: Sequence[FlowMessage]) -> Flow:
    """Return the flow of all messages of a call, or of several correlated calls."""
    timed = sorted(messages, key=time_key)
    hosts = hosts_of(timed)
    ends = [
        (
            hosts[message.source, message.source_port],
            hosts[message.destination, message.destination_port],
        )
        for message in timed
    ]
    seen = Retransmissions()
    columns: dict[str, FlowHost] = {}
    arrows = []
    for at in logical_order(timed, [(source.id, destination.id) for source, destination in ends]):
        source, destination = ends[at]
        columns.setdefault(source.id, source)
        columns.setdefault(destination.id, destination)
        arrows.append(_arrow(timed[at], source, destination, seen))
    return Flow(tuple(columns.values()), tuple(arrows))


def _arrow(
    message: FlowMessage, source: FlowHost, destination: FlowHost, seen: Retransmissions
) -> FlowArrow:
    return FlowArrow(
        message_id=message.message_id,
        time_us=message.time_us,
        from_host=source.id,
        to_host=destination.id,
        label=arrow_label(message),
        kind=arrow_kind(message),
        retransmission=seen.is_copy(message),
    )


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
