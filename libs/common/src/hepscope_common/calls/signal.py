"""Signal: what counting of attempts needs of one SIP message, from a packet or from a row.

The exporter makes it of what it parses, the measuring of stored calls of typed columns, so that
both count by the same code from the same values. Times are microseconds since the epoch,
addresses are packed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hepscope_common.calls.bounds import AGENT_CHARS, TOKEN_CHARS, stored_call_id
from hepscope_common.calls.message_facts import has_sdp

if TYPE_CHECKING:
    from hep.sip import SipMessage
    from hepscope_common.calls.envelope import Envelope

FOLLOWED: Final = frozenset({"INVITE", "REGISTER", "BYE"})
"""The methods whose transactions make attempts, registrations and hang-ups."""


class Signal(NamedTuple):
    """A request has a method, a response a status; ``cseq_method`` is that of either."""

    time_us: int
    received_us: int
    node: str
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    call_id: str
    method: str
    status: int
    cseq: int | None
    cseq_method: str
    via_branch: str
    from_tag: str
    to_tag: str
    user_agent: str
    has_sdp: bool


def is_followed(message: SipMessage) -> bool:
    """Tell whether a message belongs to what is counted; a cheap look before ``signal_of``."""
    return (message.method or message.cseq_method) in FOLLOWED


def signal_of(message: SipMessage, envelope: Envelope) -> Signal:
    """Return a parsed message as a signal; ``received_us`` 0 in the envelope means at once."""
    return Signal(
        envelope.time_us,
        envelope.received_at_us or envelope.time_us,
        envelope.node,
        envelope.source,
        envelope.source_port,
        envelope.destination,
        envelope.destination_port,
        stored_call_id(message.call_id),
        message.method,
        message.status,
        message.cseq,
        message.method or message.cseq_method,
        message.via_branch[:TOKEN_CHARS],
        message.from_tag[:TOKEN_CHARS],
        message.to_tag[:TOKEN_CHARS],
        message.user_agent[:AGENT_CHARS],
        has_sdp(message),
    )
