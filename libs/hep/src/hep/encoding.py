"""HEP3 encoder: the same chunk table, in the order that every known server accepts.

Fixed chunks first (1, 2, addresses, ports, time, type, node id), then node name, correlation
id, key, payload, then all other chunks and our own. Missing addresses and an empty payload
are left out. The total length is 16 bits: what would pass 65,535 bytes carries its payload
compressed (chunk 16, zlib), and what still does not fit is refused, never cut.
"""

import struct
import zlib

from hep.chunks import (
    AUTH_KEY,
    CHUNK_HEAD_BYTES,
    CHUNKS,
    COMPRESSED,
    CORRELATION_ID,
    HEAD,
    HEAD_BYTES,
    MAGIC,
    MAX_PACKET_BYTES,
    NODE_NAME,
    OWN_CHUNKS,
    OWN_VENDOR,
    PAYLOAD,
    ChunkType,
    chunk,
)
from hep.errors import EncodeError, Reason
from hep.hep3 import NODE_ID_SWAPPED
from hep.layouts import EARLY_IPV4, EARLY_IPV6, Layout
from hep.packet import HepPacket
from hep.payload import MAX_INFLATED_BYTES

_MAX_VALUE_BYTES = MAX_PACKET_BYTES - HEAD_BYTES - CHUNK_HEAD_BYTES
_MAX_UINT32 = 0xFFFFFFFF
# By width of source and destination; mixed and missing addresses have no layout.
_LAYOUTS = {(4, 4): EARLY_IPV4, (16, 16): EARLY_IPV6}


def encode3(packet: HepPacket) -> bytes:
    """The packet as HEP3. Raises EncodeError: BAD_VALUE for what no field holds, TOO_LARGE."""
    fixed, optional, tail = _fixed(packet), _optional(packet), _tail(packet)
    room = MAX_PACKET_BYTES - HEAD_BYTES - len(fixed) - len(optional) - len(tail)
    payload = _payload(packet.payload, room)
    total = MAX_PACKET_BYTES - room + len(payload)
    return b"".join((HEAD.pack(MAGIC, total), fixed, optional, payload, tail))


def _fixed(packet: HepPacket) -> bytes:
    known = _LAYOUTS.get((len(packet.source), len(packet.destination)))
    if known is not None:
        try:
            return _pack(known, packet)
        except struct.error:
            pass  # one by one tells which value it was
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
        chunk(0, number, _uint_bytes(value, CHUNKS[number])) for number, value in numbers.items()
    ]
    parts[2:2] = [_address(packet.source, 3, 5), _address(packet.destination, 4, 6)]
    return b"".join(parts)


def _address(address: bytes, ipv4: int, ipv6: int) -> bytes:
    if not address:
        return b""
    if len(address) not in (4, 16):
        raise EncodeError(Reason.BAD_VALUE, CHUNKS[ipv4].field)
    return chunk(0, ipv4 if len(address) == 4 else ipv6, address)


def _split_time(time_us: int) -> tuple[int, int]:
    seconds, micros = divmod(time_us, 1_000_000)
    if seconds > _MAX_UINT32:
        # A carry may pass 2106, the end of 32-bit seconds; it goes back where it came from.
        return _MAX_UINT32, time_us - _MAX_UINT32 * 1_000_000
    return seconds, micros


def _wire_node_id(packet: HepPacket) -> int:
    return packet.raw_node_id if packet.quirks & NODE_ID_SWAPPED else packet.node_id


def _uint_bytes(value: int, row: ChunkType) -> bytes:
    try:
        return value.to_bytes(row.widths[0], "big")
    except OverflowError:
        raise EncodeError(Reason.BAD_VALUE, row.name) from None


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
    try:
        return chunk(vendor, number, value)
    except struct.error:
        raise EncodeError(Reason.BAD_VALUE, f"chunk {vendor}:{number}") from None


def _tail(packet: HepPacket) -> bytes:
    parts = [_octets(vendor, number, value) for vendor, number, value in packet.extra]
    if packet.version != 3 or packet.quirks:
        parts.append(_own(4, _sent_as(packet)))
    if packet.origin:
        parts.append(_own(16, packet.origin))
    if packet.seq is not None:
        parts.append(_own(17, packet.seq))
    if packet.ack is not None:
        parts.append(_own(18, packet.ack))
    if packet.received_at_us:
        parts.append(_own(1, packet.received_at_us))
    if packet.peer:
        parts.append(_own(2, packet.peer))
    if packet.routing_key:
        parts.append(_own(3, packet.routing_key))
    return b"".join(parts)


def _sent_as(packet: HepPacket) -> bytes:
    if packet.version not in (1, 2, 3) or not 0 <= packet.quirks <= _MAX_UINT32:
        raise EncodeError(Reason.BAD_VALUE, "sent_as")
    return bytes((packet.version,)) + packet.quirks.to_bytes(4, "big")


def _own(number: int, value: int | bytes) -> bytes:
    row = OWN_CHUNKS[number]
    octets = _uint_bytes(value, row) if isinstance(value, int) else value
    if row.widths and len(octets) not in row.widths:
        raise EncodeError(Reason.BAD_VALUE, row.name)
    return _octets(OWN_VENDOR, number, octets)


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
