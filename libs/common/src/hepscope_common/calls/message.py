"""Flow message: one stored SIP message, with the columns that flow and dialogs need.

Addresses are text as the API shows them ("" = unknown), times are microseconds since the
epoch in packet time. Values come from typed columns; only ``sdp`` and ``reason_header`` need the
payload (see ``contents``).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hep.sip import SipMessage
    from hepscope_common.calls.envelope import Envelope
    from hepscope_common.calls.sdp_summary import SdpSummary


@dataclass(slots=True)
class FlowMessage:
    """A message as one arrow of a ladder; method "" and status 0 where there is none."""

    message_id: str
    time_us: int
    source: str
    source_port: int
    destination: str
    destination_port: int
    transport: str = ""
    node: str = ""
    call_id: str = ""
    method: str = ""
    status: int = 0
    reason: str = ""
    cseq: int | None = None
    cseq_method: str = ""
    via_branch: str = ""
    from_tag: str = ""
    to_tag: str = ""
    protocol_type: int = 1  # HEP chunk 11
    label: str = ""  # of what is not SIP
    user_agent: str = ""
    sdp: SdpSummary | None = None
    reason_header: str = ""

    @property
    def transaction_method(self) -> str:
        """The method whose transaction this message belongs to; of an ACK, ACK."""
        return self.method or self.cseq_method


def address_text(packed: bytes) -> str:
    """Return a packed address as text; "" when it has neither 4 nor 16 bytes."""
    return str(ip_address(packed)) if len(packed) in {4, 16} else ""


def flow_message(message_id: str, message: SipMessage, envelope: Envelope) -> FlowMessage:
    """Return a parsed message as a flow message."""
    return FlowMessage(
        message_id=message_id,
        time_us=envelope.time_us,
        source=address_text(envelope.source),
        source_port=envelope.source_port,
        destination=address_text(envelope.destination),
        destination_port=envelope.destination_port,
        transport=envelope.transport,
        node=envelope.node,
        call_id=message.call_id,
        method=message.method,
        status=message.status,
        reason=message.reason,
        cseq=message.cseq,
        cseq_method=message.cseq_method,
        via_branch=message.via_branch,
        from_tag=message.from_tag,
        to_tag=message.to_tag,
        user_agent=message.user_agent,
    )
