"""A SIP message as it was heard on the wire, before anybody asked what it says.

A plain tuple, since it is made for many messages of which few are ever looked at: no object with
fields costs as little, and none that the collector of garbage need not look at.
"""

import struct
from typing import TypeAlias

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.transport import UDP

Heard: TypeAlias = tuple[int, bytes, bytes]
"""Time in microseconds; addresses and ports as they stand in the frame, source first; payload."""

PORTS = struct.Struct("!HH").unpack_from
"""The ports behind two addresses, which are 8 or 32 bytes."""


def datagram_of(heard: Heard) -> Datagram:
    """Return the message with its fields."""
    time_us, flow, payload = heard
    width = (len(flow) - 4) // 2
    source_port, destination_port = PORTS(flow, 2 * width)
    return Datagram(
        time_us, UDP, flow[:width], source_port, flow[width:-4], destination_port, payload
    )
