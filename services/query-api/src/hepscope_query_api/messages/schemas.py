"""The shape of a message."""

import base64
from datetime import datetime
from typing import TypedDict

import asyncpg

from hepscope_common.names import Names
from hepscope_query_api.messages.identity import MessageId, Root
from hepscope_query_api.messages.tables import TRANSPORTS
from hepscope_query_api.schemas import Endpoint, Shape, Time, endpoint_of, text_or_none
from hepscope_query_api.timestamps import format_time, to_us


class Message(Shape):
    """A captured message. What is not SIP has no SIP fields: they are null."""

    id: str
    """Opaque."""
    call_id: str | None
    """Call-ID; of what is not SIP, the correlation id."""
    correlation_id: str | None
    """HEP chunk 17, as the agent sent it."""
    time: Time
    """When it was captured; when received, if the agent's clock was implausible."""
    received_at: Time
    """When ingest received it."""
    capture_time: Time | None
    """What the agent's clock said, where that was implausible; flow and exports use it."""
    source: Endpoint | None
    destination: Endpoint | None
    transport: str | None
    """udp, tcp, tls, sctp, ws or wss."""
    method: str | None
    """Of a request."""
    status: int | None
    """Of a response."""
    reason: str | None
    """Reason phrase of a response."""
    cseq: str | None
    """Number and method, as `1 INVITE`."""
    from_user: str | None
    from_domain: str | None
    from_tag: str | None
    to_user: str | None
    to_domain: str | None
    to_tag: str | None
    ruri_user: str | None
    ruri_domain: str | None
    user_agent: str | None
    """User-Agent; Server of a response."""
    via_branch: str | None
    """Branch of the topmost Via: with CSeq, the transaction."""
    node: str | None
    """The node that captured it: its name, else its id."""
    node_id: int | None
    """HEP chunk 12."""
    protocol_type: int | None
    """HEP chunk 11; 1 is SIP."""
    fault: str | None
    """What is wrong with it as SIP; comma-joined."""
    payload: str | None = None
    """With `include=payload`: the message, when it is valid UTF-8."""
    payload_base64: str | None = None
    """With `include=payload`: the message, when it is not."""


class Payload(TypedDict, total=False):
    """Exactly one of the two members of a message that holds its payload."""

    payload: str
    payload_base64: str


def message_of(row: asyncpg.Record, names: Names, *, payload: bool) -> Message:
    """Return the item of a row of tables_of."""
    more = payload_of(row["payload"]) if payload else {}
    return Message(
        id=message_id(row),
        call_id=text_or_none(row["call_id"]),
        correlation_id=text_or_none(row["correlation_id"]),
        time=format_time(row["time"]),
        received_at=format_time(row["received_at"]),
        capture_time=_time(row["capture_time"]),
        source=endpoint_of(row["source"], row["source_port"], names, row["node"]),
        destination=endpoint_of(row["destination"], row["destination_port"], names, row["node"]),
        transport=transport_of(row),
        method=text_or_none(row["method"]),
        status=row["status"] or None,
        reason=text_or_none(row["reason"]),
        cseq=cseq_text(row["cseq"], row["cseq_method"]),
        from_user=text_or_none(row["from_user"]),
        from_domain=text_or_none(row["from_domain"]),
        from_tag=text_or_none(row["from_tag"]),
        to_user=text_or_none(row["to_user"]),
        to_domain=text_or_none(row["to_domain"]),
        to_tag=text_or_none(row["to_tag"]),
        ruri_user=text_or_none(row["ruri_user"]),
        ruri_domain=text_or_none(row["ruri_domain"]),
        user_agent=text_or_none(row["user_agent"]),
        via_branch=text_or_none(row["via_branch"]),
        node=text_or_none(row["node"]),
        node_id=row["node_id"],
        protocol_type=row["protocol_type"],
        fault=text_or_none(row["fault"]),
        **more,
    )


def message_id(row: asyncpg.Record) -> str:
    """Return the public id of a row."""
    return str(MessageId(Root(row["root"]), row["class"], to_us(row["time"]), row["id"]))


def payload_of(payload: bytes | None) -> Payload:
    """Return the payload as text, or as base64 where it is not valid UTF-8."""
    raw = payload or b""
    try:
        return {"payload": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {"payload_base64": base64.b64encode(raw).decode("ascii")}


def transport_of(row: asyncpg.Record) -> str | None:
    """Return the name of a row's transport."""
    code: int = row["transport"] or 0
    return TRANSPORTS[code] if 0 < code < len(TRANSPORTS) else None


def cseq_text(number: int | None, method: str | None) -> str | None:
    """Return a CSeq as it stands in the message; None without a number."""
    return None if number is None else f"{number} {method or ''}".rstrip()


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
