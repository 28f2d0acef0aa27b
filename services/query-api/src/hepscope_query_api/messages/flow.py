"""The shape of a flow, and rows as the messages of one."""

import asyncpg
from pydantic import ConfigDict, Field

from hepscope_common.calls.flow import ArrowKind, Flow
from hepscope_common.calls.message import FlowMessage
from hepscope_common.names import Names
from hepscope_query_api.calls.parameters import PartOfCallQuery
from hepscope_query_api.messages.parameters import TYPES
from hepscope_query_api.messages.schemas import message_id, transport_of
from hepscope_query_api.query.parameters import ListQuery
from hepscope_query_api.schemas import Shape, Time, address_text
from hepscope_query_api.timestamps import format_time, from_us, to_us

FLOW_LIMIT = 10_000
"""Arrows at most. Ladders that are longer come from clients that use one Call-ID for ever."""


class FlowQuery(PartOfCallQuery):
    """Parameters of a flow."""

    protocol_type: str | None = Field(None, description=TYPES)

    def as_list(self) -> ListQuery:
        """Return the period as a list would ask for it."""
        return ListQuery.model_validate({"start": self.start, "end": self.end})


class Host(Shape):
    """A column of the ladder."""

    id: str
    address: str
    port: int | None
    label: str
    """Its alias, where it has one; else its address."""


class Arrow(Shape):
    """A message from one host to another."""

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    message_id: str
    """`id` of the message."""
    time: Time
    """When it was captured, by the clock of the node that did."""
    from_: str = Field(alias="from")
    """`id` of a host."""
    to: str
    """`id` of a host."""
    label: str
    """Method, or code and reason phrase."""
    kind: ArrowKind
    retransmission: bool
    """Whether it is a copy of an earlier message."""


class FlowView(Shape):
    """A call as a ladder."""

    hosts: list[Host]
    """In the order in which they first take part."""
    arrows: list[Arrow]
    """In the order of events: packet time, small skews between nodes undone."""
    truncated: bool
    """Whether there are more messages than a flow holds; `start` continues after the last."""


def flow_message(row: asyncpg.Record) -> FlowMessage:
    """Return a row as a message of a flow, at the time of the packet's own clock."""
    protocol_type = row["protocol_type"] or 1
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
    )


def view_of(flow: Flow, names: Names, *, truncated: bool) -> FlowView:
    """Return the answer for a flow; hosts that have a name are labelled by it."""
    return FlowView(
        hosts=[
            Host(
                id=host.id,
                address=host.address,
                port=host.port,
                label=names.lookup(host.address, host.port or 0) or host.label,
            )
            for host in flow.hosts
        ],
        arrows=[
            Arrow(
                message_id=arrow.message_id,
                time=format_time(from_us(arrow.time_us)),
                from_=arrow.from_host,
                to=arrow.to_host,
                label=arrow.label,
                kind=arrow.kind,
                retransmission=arrow.retransmission,
            )
            for arrow in flow.arrows
        ],
        truncated=truncated,
    )
