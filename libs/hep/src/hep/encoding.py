"""HEP3 encoder: the same chunk table, in the order that every known server accepts.

Fixed chunks first (1, 2, addresses, ports, time, type, node id), then node name, correlation
id, key, payload, then all other chunks and our own. Missing addresses and an empty payload
are left out. The total length is 16 bits: what would pass 65,535 bytes carries its payload
compressed (chunk 16, zlib), and what still does not fit is refused, never cut.
"""

import struct
import zlib

from hep.chunks import (
    CHUNK_HEAD_BYTES,
    CHUNKS,
    HEAD,
    HEAD_BYTES,
    MAGIC,
    MAX_PACKET_BYTES,
    OWN_CHUNKS,
    OWN_VENDOR,
    Layout,
    chunk,
)
from hep.errors import EncodeError, Reason
from hep.hep3 import (
    AUTH_KEY,
    COMPRESSED,
    CORRELATION_ID,
    EARLY_IPV4,
    EARLY_IPV6,
    NODE_ID_SWAPPED,
    NODE_NAME,
    PAYLOAD,
)
from hep.packet import HepPacket
from hep.payload import MAX_INFLATED_BYTES

_MAX_VALUE_BYTES = MAX_PACKET_BYTES - HEAD_BYTES - CHUNK_HEAD_BYTES
_MAX_UINT32 = 0xFFFFFFFF


def encode3(packet: HepPacket) -> bytes:
    """The packet as HEP3. Raises EncodeError: BAD_VALUE for what no field holds, TOO_LARGE."""
    try:
        fixed = _fixed(packet)
        tail = _optional(packet), _tail(packet)
    except struct.error as refusal:
        raise EncodeError(Reason.BAD_VALUE, str(refusal)) from None
    room = MAX_PACKET_BYTES - HEAD_BYTES - len(fixed) - len(tail[0]) - len(tail[1])
    payload = _payload(packet.payload, room)
    total = MAX_PACKET_BYTES - room + len(payload)
    return b"".join((HEAD.pack(MAGIC, total), fixed, tail[0], payload, tail[1]))


def _fixed(packet: HepPacket) -> bytes:
    source, destination = packet.source, packet.destination
    if len(source) == len(destination) == 4:
        return _pack(EARLY_IPV4, packet)
    if len(source) == len(destination) == 16:
        return _pack(EARLY_IPV6, packet)
    return _fixed_one_by_one(packet)


def _pack(known: Layout, packet: HepPacket) -> bytes:
    seconds, micros = _split_time(packet.time_us)
    h1, h2, h3, h4, h7, h8, h9, h10, h11, h12 = known.heads
    return known.writer.pack(
        h1, packet.family,
        h2, packet.ip_protocol,
        h3, packet.source,
        h4, packet.destination,
        h7, packet.source_port,
        h8, packet.destination_port,
        h9, seconds,
        h10, micros,
        h11, packet.protocol_type,
        h12, _wire_node_id(packet),
    )  # fmt: skip


def _fixed_one_by_one(packet: HepPacket) -> bytes:
    seconds, micros = _split_time(packet.time_us)
    numbers = {
        1: packet.family,
        2: packet.ip_protocol,
        7: packet.source_port,
        8: packet.destination_port,
        9: seconds,
        10: micros,
        11: packet.protocol_type,
        12: _wire_node_id(packet),
    }
    parts = [
        chunk(0, number, _uint_bytes(value, CHUNKS[number].widths[0]))
        for number, value in numbers.items()
    ]
    parts[2:2] = [_address(packet.source, 3, 5), _address(packet.destination, 4, 6)]
    return b"".join(parts)


def _address(address: bytes, ipv4: int, ipv6: int) -> bytes:
    if not address:
        return b""
    if len(address) not in (4, 16):
        raise EncodeError(Reason.BAD_VALUE, "address")
    return chunk(0, ipv4 if len(address) == 4 else ipv6, address)


def _split_time(time_us: int) -> tuple[int, int]:
    seconds, micros = divmod(time_us, 1_000_000)
    if seconds > _MAX_UINT32:
        # A carry may pass 2106, the end of 32-bit seconds; it goes back where it came from.
        return _MAX_UINT32, time_us - _MAX_UINT32 * 1_000_000
    return seconds, micros


def _wire_node_id(packet: HepPacket) -> int:
    return packet.raw_node_id if packet.quirks & NODE_ID_SWAPPED else packet.node_id


def _uint_bytes(value: int, width: int) -> bytes:
    try:
        return value.to_bytes(width, "big")
    except OverflowError:
        raise EncodeError(Reason.BAD_VALUE, str(value)) from None


def _optional(packet: HepPacket) -> bytes:
    parts = []
    if packet.node_name:
        parts.append(_octets(0, NODE_NAME, packet.node_name))
    if packet.correlation_id:
        parts.append(_octets(0, CORRELATION_ID, packet.correlation_id))
    if packet.auth_key is not None:
        parts.append(_octets(0, AUTH_KEY, packet.auth_key))
    return b"".join(parts)


def _octets(vendor: int, number: int, value: bytes) -> bytes:
    if len(value) > _MAX_VALUE_BYTES:
        raise EncodeError(Reason.TOO_LARGE, f"chunk {vendor}:{number}")
    return chunk(vendor, number, value)


def _tail(packet: HepPacket) -> bytes:
    parts = [_octets(vendor, number, value) for vendor, number, value in packet.extra]
    if packet.version != 3 or packet.quirks:
        parts.append(_own(4, _uint_bytes(packet.version, 1) + _uint_bytes(packet.quirks, 4)))
    if packet.origin:
        parts.append(_own(16, packet.origin))
    if packet.seq is not None:
        parts.append(_own(17, _uint_bytes(packet.seq, 8)))
    if packet.ack is not None:
        parts.append(_own(18, _uint_bytes(packet.ack, 8)))
    if packet.received_at_us:
        parts.append(_own(1, _uint_bytes(packet.received_at_us, 8)))
    if packet.peer:
        parts.append(_own(2, packet.peer))
    if packet.routing_key:
        parts.append(_own(3, packet.routing_key))
    return b"".join(parts)


def _own(number: int, value: bytes) -> bytes:
    row = OWN_CHUNKS[number]
    if row.widths and len(value) not in row.widths:
        raise EncodeError(Reason.BAD_VALUE, row.name)
    return _octets(OWN_VENDOR, number, value)


def _payload(payload: bytes, room: int) -> bytes:
    if not payload and room >= 0:
        return b""
    if CHUNK_HEAD_BYTES + len(payload) <= room:
        return chunk(0, PAYLOAD, payload)
    # What inflates beyond the decoder's bound would be lost there, so it is refused here.
    packed = zlib.compress(payload) if len(payload) <= MAX_INFLATED_BYTES else payload
    if CHUNK_HEAD_BYTES + len(packed) > room:
        raise EncodeError(Reason.TOO_LARGE, "payload")
    return chunk(0, COMPRESSED, packed)
