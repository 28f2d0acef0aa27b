"""Envelope: what the capture says about a message, beside the message itself.

Times are microseconds since the Unix epoch, addresses are packed (4 or 16 bytes, ``b""`` =
unknown). ``time_us`` is the packet's own time, so that call logic gives the same result for a
live call and for its recording.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Envelope:
    """Where and when a message was seen; not frozen, because one is made per packet."""

    time_us: int
    received_at_us: int = 0
    source: bytes = b""
    source_port: int = 0
    destination: bytes = b""
    destination_port: int = 0
    transport: str = ""  # udp, tcp, tls, sctp, ws, wss; "" = unknown
    node: str = ""  # the capturing node's name, or its id as text
    size: int = 0  # bytes of the SIP message
