"""The routing key, and the partition that it chooses.

All packets of one key lie in one partition, in order. For SIP it is the Call-ID byte for
byte: agents put chunk 17 on some messages of a call only, and with suffixes, so it counts
for other types alone, or where no Call-ID can be read.
"""

import zlib

from hep.packet import HepPacket
from hep.protocols import SIP
from hep.sip import find_call_id


def routing_key_of(packet: HepPacket, peer: bytes = b"") -> bytes:
    """Call-ID of SIP, else the correlation id, else the sorted addresses, else the peer."""
    if packet.protocol_type == SIP:
        call_id = find_call_id(packet.payload)
        if call_id:
            return call_id
    return packet.correlation_id or address_pair(packet.source, packet.destination) or peer


def address_pair(source: bytes, destination: bytes) -> bytes:
    """Both addresses in one order, so that the two directions of a stream share a key."""
    return source + destination if source < destination else destination + source


def partition_of(routing_key: bytes, count: int) -> int:
    """Partition of the key among count: CRC-32 (zlib's) of the key, modulo count.

    Positions and row ids rest on it, so it never changes within a topic version.
    """
    return zlib.crc32(routing_key) % count
