"""Retransmissions: messages that their sender sent again, told from new ones.

A resend has the same Call-ID, start line, CSeq, branch and tags as the first on the same hop, and
comes within 64 * T1 (RFC 3261 17.1: no timer sends later) of it. Resends are told when messages
are read, never stored, because a writer's memory does not outlive a restart.

What two capture points see of one message is no resend: see ``copies``, which counts by this.
"""

from collections.abc import Hashable, Iterable
from typing import Final

from hepscope_common.calls.message import FlowMessage

RETRANSMISSION_WINDOW_US: Final = 32_000_000
_STREAMS: Final = frozenset({"tcp", "tls", "ws", "wss"})


class Resends:
    """Numbers messages that are fed in order; memory grows with the messages of one ladder."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, tuple[int, int]] = {}

    def number(self, identity: Hashable, time_us: int) -> int:
        """Return 0 for the first message of an identity, n for its nth resend."""
        first_us, count = self._runs.get(identity, (time_us, -1))
        if time_us - first_us > RETRANSMISSION_WINDOW_US:
            first_us, count = time_us, -1
        self._runs[identity] = first_us, count + 1
        return count + 1


def retransmissions(messages: Iterable[FlowMessage]) -> list[bool]:
    """Return for each message, in order of time, whether its node saw it before."""
    resends = Resends()
    return [
        identity is not None and resends.number((identity, message.node), message.time_us) > 0
        for message in messages
        for identity in [identity_of(message)]
    ]


def identity_of(message: FlowMessage) -> Hashable | None:
    """Return what a message shares with its resends and its copies; None of what is unreadable.

    What is not SIP has none. Agents that trace a server name its listening port for a connection
    that it opened, those that listen on the wire the true one: of streams only addresses count.
    """
    if message.protocol_type != 1 or not (message.method or message.status):
        return None
    is_stream = message.transport in _STREAMS and message.via_branch != ""
    return (
        message.source,
        0 if is_stream else message.source_port,
        message.destination,
        0 if is_stream else message.destination_port,
        "stream" if is_stream else message.transport,
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
