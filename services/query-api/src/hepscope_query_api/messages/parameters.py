"""Query parameters of messages, alone and as part of a call."""

from typing import Literal

from pydantic import Field

from hepscope_query_api.calls.parameters import AT
from hepscope_query_api.query.parameters import ListQuery, Query, filter_parameter

TYPES = (
    "HEP protocol types to list instead of SIP: `5`, several by comma (`5,100`), or `*` for all."
)


class IncludeQuery(Query):
    """What one message is to contain."""

    include: Literal["payload"] | None = Field(
        None, description="`payload` adds the message itself."
    )


class MessageQuery(ListQuery):
    """Parameters of lists of messages."""

    include: Literal["payload"] | None = Field(
        None, description="`payload` adds the messages themselves."
    )
    protocol_type: str | None = Field(None, description=TYPES)
    call_id: list[str] = filter_parameter("Call-ID; of what is not SIP, correlation id.")
    correlation_id: list[str] = filter_parameter("HEP correlation id.")
    time: list[str] = filter_parameter("Capture time, exactly.")
    received_at: list[str] = filter_parameter("Receive time, exactly.")
    capture_time: list[str] = filter_parameter("Implausible time of the agent; `*` = has one.")
    source: list[str] = filter_parameter(
        "Sender: `10.0.0.5`, `10.0.0.5:5060`, `10.0.0.0/8`, `10.1.*`."
    )
    destination: list[str] = filter_parameter("Receiver.")
    transport: list[str] = filter_parameter("udp, tcp, tls, sctp, ws or wss.")
    method: list[str] = filter_parameter("Method of a request.")
    status: list[str] = filter_parameter("Code of a response: `486`, or `4*`.")
    reason: list[str] = filter_parameter("Reason phrase.")
    cseq: list[str] = filter_parameter("CSeq, as `1 INVITE` or `* BYE`.")
    from_user: list[str] = filter_parameter("User of From.")
    from_domain: list[str] = filter_parameter("Domain of From.")
    from_tag: list[str] = filter_parameter("Tag of From.")
    to_user: list[str] = filter_parameter("User of To.")
    to_domain: list[str] = filter_parameter("Domain of To.")
    to_tag: list[str] = filter_parameter("Tag of To.")
    ruri_user: list[str] = filter_parameter("User of the request URI.")
    ruri_domain: list[str] = filter_parameter("Domain of the request URI.")
    user_agent: list[str] = filter_parameter("User-Agent or Server.")
    via_branch: list[str] = filter_parameter("Branch of the topmost Via.")
    node: list[str] = filter_parameter("Node that captured it.")
    node_id: list[str] = filter_parameter("HEP capture agent id.")
    fault: list[str] = filter_parameter("What is wrong with it as SIP; `*` = anything.")


class CallMessageQuery(MessageQuery):
    """Parameters of the messages of a call."""

    at: str | None = Field(None, description=AT)


NOT_FILTERS = {*ListQuery.model_fields, "include", "protocol_type", "at"}
MESSAGE_FILTER_NAMES = [name for name in MessageQuery.model_fields if name not in NOT_FILTERS]
