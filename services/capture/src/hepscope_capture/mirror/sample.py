"""Which RTP is looked at: that of one in N pairs of ports, both directions of a call together.

The kernel's filter (``live.filter_ports``) and the table choose by the same numbers.
"""

import struct

# RTP version 2; payload types 64 to 95, with the marker before them, are RTCP's (RFC 5761).
VERSION_MASK, VERSION = 0xC0, 0x80
TYPE_MASK, TYPE_OF_RTCP = 0x60, 0x40

HEAD = struct.Struct("!BBH4xI").unpack_from
"""Version and more, marker and payload type, sequence number, SSRC (RFC 3550 section 5.1)."""
HEAD_BYTES = 12

LOWEST_PORT = 1024
"""Below are DNS, NTP and their like, of which a part looks the same."""

MOST = 65_535

# Knuth's: neighbouring ports, of which media have every second, are spread evenly.
FACTOR, SHIFT, WHOLE = 2_654_435_761, 16, 65_536
_MASK = 0xFFFFFFFF


def is_sampled(source_port: int, destination_port: int, sample: int) -> bool:
    """Say whether a pair of ports is the one in so many; 0 = none is."""
    if source_port < LOWEST_PORT or destination_port < LOWEST_PORT or not sample:
        return False
    return ((source_port + destination_port) * FACTOR & _MASK) >> SHIFT < share(sample)


def share(sample: int) -> int:
    """Return how many of WHOLE are one in so many."""
    return -(-WHOLE // sample)
