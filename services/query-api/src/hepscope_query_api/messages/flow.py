"""Rows as the messages of a flow, and the flow as the answer of the API."""

from collections.abc import Mapping, Sequence

import asyncpg

from hepscope_common.calls.contents import Contents, ContentsReader
from hepscope_common.calls.flow import Flow, FlowArrow
from hepscope_common.calls.hosts import FlowHost
from hepscope_common.calls.message import FlowMessage
from hepscope_common.calls.offer_answer import SdpRole
from hepscope_common.calls.outcome import call_outcome
from hepscope_common.calls.sdp_summary import SdpSummary
from hepscope_common.names import Names
from hepscope_query_api.calls.scope import Scope
from hepscope_query_api.messages.flow_schemas import (
    Arrow,
    FlowView,
    Host,
    Leg,
    NodeSkew,
    Sdp,
    SdpMedia,
    Sighting,
)
from hepscope_query_api.messages.schemas import cseq_text, message_id, transport_of
from hepscope_query_api.schemas import address_text, only, text_or_none
from hepscope_query_api.timestamps import format_time, from_us, to_us

NOTHING = Contents()


def flow_messages(rows: Sequence[asyncpg.Record]) -> list[FlowMessage]:
    """Return rows as messages of a flow, at the time of the packets' own clocks."""
    reader = ContentsReader()
    return [_flow_message(row, reader) for row in rows]


def _flow_message(row: asyncpg.Record, reader: ContentsReader) -> FlowMessage:
    protocol_type = row["protocol_type"] or 1
    payload = row["payload"]
    contents = reader.read(payload) if payload else NOTHING
    return FlowMessage(
        message_id=message_id(row),
        time_us=to_us(row["clock"]),
        source=address_text(row["source"]),
        source_port=row["source_port"] or 0,
        destination=address_text(row["destination"]),
        destination_port=row["destination_port"] or 0,
        transport=transport_of(row) or "",
        node=row["node"] or "",
        call_id=row["call_id"],
        method=row["method"] or "",
        status=row["status"] or 0,
        reason=row["reason"] or "",
        cseq=row["cseq"],
        cseq_method=row["cseq_method"] or "",
        via_branch=row["via_branch"] or "",
        from_tag=row["from_tag"] or "",
        to_tag=row["to_tag"] or "",
        protocol_type=protocol_type,
        label="" if protocol_type == 1 else f"type {protocol_type}",
        user_agent=row["user_agent"] or "",
        sdp=contents.sdp,
        reason_header=contents.reason,
    )


def legs_of(scopes: Sequence[Scope], rows: Sequence[asyncpg.Record], now_us: int) -> list[Leg]:
    """Return the calls of a ladder in order of start; what has no record goes by its messages."""
    first: dict[str, asyncpg.Record] = {}
    for row in rows:
        first.setdefault(row["call_id"], row)
    legs = [_leg(scope, first.get(scope.call_id), now_us) for scope in scopes]
    # "~" comes behind every digit.
    legs.sort(key=lambda leg: (leg.started_at or "~", leg.call_id))
    return [leg.model_copy(update={"leg": chr(ord("A") + at)}) for at, leg in enumerate(legs)]


def _leg(scope: Scope, row: asyncpg.Record | None, now_us: int) -> Leg:
    call = scope.call
    if call is not None:
        return Leg(
            leg="",
            call_id=scope.call_id,
            started_at=format_time(from_us(call.started_us)),
            from_user=text_or_none(call.from_user),
            to_user=text_or_none(call.to_user),
            outcome=call_outcome(call, now_us),
        )
    return Leg(
        leg="",
        call_id=scope.call_id,
        started_at=None if row is None else format_time(row["time"]),
        from_user=None if row is None else text_or_none(row["from_user"]),
        to_user=None if row is None else text_or_none(row["to_user"]),
        outcome=None,
    )


def view_of(flow: Flow, legs: Sequence[Leg], names: Names, *, truncated: bool) -> FlowView:
    """Return the answer for a flow; hosts that have a name are labelled by it."""
    letters = {leg.call_id: leg.leg for leg in legs}
    return FlowView(
        legs=list(legs),
        hosts=_hosts(flow, names),
        arrows=[_arrow(arrow, letters) for arrow in flow.arrows],
        skews=[
            NodeSkew(node=node, skew_ms=skew_us / 1000) for node, skew_us in flow.skews_us.items()
        ],
        truncated=truncated,
    )


def _hosts(flow: Flow, names: Names) -> list[Host]:
    captured_by: dict[str, set[str]] = {}
    for arrow in flow.arrows:
        for host_id in (arrow.from_host, arrow.to_host):
            nodes = captured_by.setdefault(host_id, set())
            nodes.update(one.node for one in arrow.copies or (arrow.message,) if one.node)
    return [
        _host(host, flow.nodes.get(host.id, ()), names, only(list(captured_by.get(host.id, ()))))
        for host in flow.hosts
    ]


def _host(host: FlowHost, nodes: Sequence[str], names: Names, captured_by: str) -> Host:
    name = names.lookup(host.address, host.port or 0, captured_by)
    return Host(
        id=host.id,
        address=host.address,
        port=host.port,
        label=name or host.label,
        is_named=name is not None,
        node=list(nodes),
    )


def _arrow(arrow: FlowArrow, letters: Mapping[str, str]) -> Arrow:
    message = arrow.message
    nodes = dict.fromkeys(one.node for one in arrow.copies or (message,) if one.node)
    return Arrow(
        message_id=message.message_id,
        leg=letters[message.call_id],
        call_id=message.call_id,
        time=_time(message),
        from_=arrow.from_host,
        to=arrow.to_host,
        from_port=message.source_port or None,
        to_port=message.destination_port or None,
        label=arrow.label,
        kind=arrow.kind,
        method=text_or_none(message.method),
        status=message.status or None,
        cseq=cseq_text(message.cseq, message.cseq_method),
        transport=text_or_none(message.transport),
        branch=text_or_none(message.via_branch),
        from_tag=text_or_none(message.from_tag),
        to_tag=text_or_none(message.to_tag),
        user_agent=text_or_none(message.user_agent),
        nodes=list(nodes),
        copies=[
            Sighting(message_id=one.message_id, node=text_or_none(one.node), time=_time(one))
            for one in arrow.copies
        ],
        retransmission=arrow.resend > 0,
        resend=arrow.resend,
        sdp=None if message.sdp is None else _sdp(message.sdp, arrow.sdp_role),
        reason_header=text_or_none(message.reason_header),
        skew_ms=arrow.correction_us / 1000,
        early_ms=None if arrow.early_us is None else arrow.early_us / 1000,
    )


def _sdp(summary: SdpSummary, role: SdpRole | None) -> Sdp:
    return Sdp(
        role=None if role is None else role.value,
        media=[
            SdpMedia(
                kind=one.kind,
                port=one.port,
                address=one.address,
                codecs=list(one.codecs),
                has_telephone_event=one.has_telephone_event,
                direction=one.direction.value,
                is_held=one.is_held,
            )
            for one in summary.media
        ],
    )


def _time(message: FlowMessage) -> str:
    return format_time(from_us(message.time_us))
