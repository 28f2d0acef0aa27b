"""Retransmissions: copies of a message that its sender sent again, told from new ones.

A copy has the same endpoints, node, Call-ID, branch, CSeq, tags and start line, and comes
within 64 * T1 (RFC 3261 17.1: no timer sends later) of the first. The node is part of it: what
two nodes see of one message is not a second one. Retransmissions are told when messages are
read, never stored, because a writer's memory does not outlive a restart.
"""

from collections.abc import Hashable, Iterable
from typing import Final

from hepscope_common.calls.message import FlowMessage

RETRANSMISSION_WINDOW_US: Final = 32_000_000


class Retransmissions:
    """Marks messages that are fed in order; memory grows with the messages of one call."""

    def __init__(self) -> None:
        self._first: dict[Hashable, int] = {}

    def is_copy(self, message: FlowMessage) -> bool:
        """Tell whether this message repeats an earlier one; call once for each, in order."""
        if not message.method and not message.status:
            return False
        identity = _identity(message)
        first_us = self._first.get(identity)
        if first_us is not None and message.time_us - first_us <= RETRANSMISSION_WINDOW_US:
            return True
        self._first[identity] = message.time_us
        return False


def retransmissions(messages: Iterable[FlowMessage]) -> list[bool]:
    """Return for each message, in the order given, whether it is a copy."""
    seen = Retransmissions()
    return [seen.is_copy(message) for message in messages]


def _identity(message: FlowMessage) -> Hashable:
    return (
        message.source,
        message.source_port,
        message.destination,
        message.destination_port,
        message.node,
        message.call_id,
        message.via_branch,
        message.cseq,
        message.cseq_method,
        message.from_tag,
        message.to_tag,
        message.method,
        message.status,
        message.reason,
    )
