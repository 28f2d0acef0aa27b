"""Query parameters of messages, alone and as part of a call."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from hepscope_query_api.calls.parameters import AT
from hepscope_query_api.query.parameters import ADDRESSES, ListQuery, Query, filtered_by

TYPES = (
    "HEP protocol types to list instead of SIP: `5`, several by comma (`5,100`), or `*` for all."
)


class IncludeQuery(Query):
    """What one message is to contain."""

    include: Literal["payload"] | None = Field(
        None, description="`payload` adds the message itself."
    )


DESCRIBED_FILTERS: Mapping[str, str] = {
    "call_id": "Call-ID; of what is not SIP, correlation id.",
    "correlation_id": "HEP correlation id.",
    "time": "Capture time, exactly.",
    "received_at": "Receive time, exactly.",
    "capture_time": "Implausible time of the agent; `*` = has one.",
    "source": f"Sender: {ADDRESSES}.",
    "destination": "Receiver.",
    "transport": "udp, tcp, tls, sctp, ws or wss.",
    "method": "Method of a request.",
    "status": "Code of a response: `486`, or `4*`.",
    "reason": "Reason phrase.",
    "cseq": "CSeq, as `1 INVITE` or `* BYE`.",
    "from_user": "User of From.",
    "from_domain": "Domain of From.",
    "from_tag": "Tag of From.",
    "to_user": "User of To.",
    "to_domain": "Domain of To.",
    "to_tag": "Tag of To.",
    "ruri_user": "User of the request URI.",
    "ruri_domain": "Domain of the request URI.",
    "user_agent": "User-Agent or Server.",
    "via_branch": "Branch of the topmost Via.",
    "node": "Node that captured it.",
    "node_id": "HEP capture agent id.",
    "fault": "What is wrong with it as SIP; `*` = anything.",
}


@filtered_by(DESCRIBED_FILTERS)
class MessageQuery(ListQuery):
    """Parameters of lists of messages."""

    include: Literal["payload"] | None = Field(
        None, description="`payload` adds the messages themselves."
    )
    protocol_type: str | None = Field(None, description=TYPES)


class CallMessageQuery(MessageQuery):
    """Parameters of the messages of a call."""

    at: str | None = Field(None, description=AT)
