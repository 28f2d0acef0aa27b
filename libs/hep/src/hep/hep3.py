"""HEP3 decoder: magic, total length u16, then chunks in any order (specification rev. 37).

Lengths count their own heads. Repeated chunks: the last wins. A length that points past the
end stops the walk, and what fits is kept. Most agents start their packets in one of four
orders, which are read by one pattern and one Struct (five times faster than chunk by chunk);
every other packet takes the walk, and both give the same values.
"""

from dataclasses import dataclass, field

from hep.chunks import (
    ALTERNATIVE_MAGIC,
    CHUNK_HEAD_BYTES,
    FIELD_WIDTHS,
    HEAD_BYTES,
    KEY_AND_LENGTH,
    MAGIC,
    OWN_VENDOR,
    layout,
)
from hep.errors import DecodeError, Reason
from hep.packet import FAMILY_IPV4, FAMILY_IPV6, FAMILY_UNKNOWN, HepPacket, Quirk
from hep.payload import guess_type, inflate, unwrap_json
from hep.protocols import SIP

# The four starts: addresses before the ports (Kamailio, heplify, hep-js, ...) or behind the
# node id (OpenSIPS, sofia-sip, Asterisk, sngrep, captagent, ...), IPv4 or IPv6.
EARLY_IPV4 = layout(1, 2, 3, 4, 7, 8, 9, 10, 11, 12)
EARLY_IPV6 = layout(1, 2, 5, 6, 7, 8, 9, 10, 11, 12)
LATE_IPV4 = layout(1, 2, 7, 8, 9, 10, 11, 12, 3, 4)
LATE_IPV6 = layout(1, 2, 7, 8, 9, 10, 11, 12, 5, 6)
# Pattern, reader and end, by the low byte of the type of the third and of the ninth chunk;
# bound once, because an attribute look-up costs as much as the match of a chunk.
_THIRD_TYPE, _NINTH_TYPE = 23, 76
_EARLY, _LATE = (
    {third: (known.pattern.match, known.reader.unpack_from, known.end) for third, known in rows}
    for rows in (((3, EARLY_IPV4), (5, EARLY_IPV6)), ((3, LATE_IPV4), (5, LATE_IPV6)))
)
_SHORTEST_START = EARLY_IPV4.end

AUTH_KEY, PAYLOAD, COMPRESSED, CORRELATION_ID, NODE_NAME = 14, 15, 16, 17, 19
LAST_FIXED = 12
# A 16-bit node id that was byte-swapped as such and then stored in 32 bits (sngrep, sipgrep,
# rtpproxy, resiprocate) has empty lower halves; no agent numbers its nodes in steps of 65,536.
NODE_ID_SHIFT = 16
_OWN = OWN_VENDOR << 16
RECEIVED_AT, PEER, ROUTING_KEY, SENT_AS = _OWN | 1, _OWN | 2, _OWN | 3, _OWN | 4
RECEIVED_AT_BYTES = CHUNK_HEAD_BYTES + 8
ORIGIN, SEQ, ACK = _OWN | 16, _OWN | 17, _OWN | 18

_key_and_length = KEY_AND_LENGTH.unpack_from

TRUNCATED = int(Quirk.TRUNCATED)
TRAILING_BYTES = int(Quirk.TRAILING_BYTES)
ODD_WIDTH = int(Quirk.ODD_WIDTH)
NODE_ID_SWAPPED = int(Quirk.NODE_ID_SWAPPED)
TIME_CARRY = int(Quirk.TIME_CARRY)
NO_TIME = int(Quirk.NO_TIME)
FAMILY_GUESSED = int(Quirk.FAMILY_GUESSED)
INFLATED = int(Quirk.INFLATED)
JSON_UNWRAPPED = int(Quirk.JSON_UNWRAPPED)
TYPE_GUESSED = int(Quirk.TYPE_GUESSED)

# family, ip protocol, source, destination, source port, destination port, seconds,
# microseconds, protocol type, node id, offset of the next chunk
Start = tuple[int, int, bytes, bytes, int, int, int, int, int, int, int]
# payload, node name, correlation id, auth key, extra
Rest = tuple[bytes, bytes, bytes, bytes | None, tuple[tuple[int, int, bytes], ...]]


@dataclass(slots=True)
class Walk:
    """The chunks of one packet, sorted but not read: last value by key, the rest in order."""

    fields: dict[int, bytes] = field(default_factory=dict)
    extra: list[tuple[int, int, bytes]] = field(default_factory=list)
    quirks: int = 0
    own_chunks: int = 0


def decode3(data: bytes) -> HepPacket:
    """The packet in exactly these bytes; bytes after its total length are ignored.

    Raises DecodeError and nothing else: EMPTY, NOT_HEP, TRUNCATED and BAD_LENGTH for the head,
    INFLATE and TOO_LARGE for a compressed payload. Its offset counts from the packet's start.
    """
    start = read_start(data)
    if start is not None:
        packet = _decode_rest(data, start)
        if packet is not None:
            return packet
    return packet_of(walk(data))


def read_start(data: bytes) -> Start | None:
    """The fixed chunks of a whole packet that starts in a known order; None for others."""
    if len(data) < _SHORTEST_START or (data[4] << 8 | data[5]) != len(data):
        return None
    third = data[_THIRD_TYPE]
    if third in _EARLY:
        match, unpack, end = _EARLY[third]
        if match(data) is None:
            return None
        return (*unpack(data), end)
    ninth = data[_NINTH_TYPE]
    if ninth not in _LATE:
        return None
    match, unpack, end = _LATE[ninth]
    if match(data) is None:
        return None
    family, protocol, sport, dport, seconds, micros, kind, node, source, destination = unpack(data)
    return (
        family, protocol, source, destination, sport, dport,
        seconds, micros, kind, node, end,
    )  # fmt: skip


def _decode_rest(data: bytes, start: Start) -> HepPacket | None:
    """The packet behind a known start; None where only the walk can tell."""
    payload, node_name, correlation_id, auth_key = b"", b"", b"", None
    received_at_us, routing_key = 0, b""
    own: dict[int, bytes] = {}
    extra: list[tuple[int, int, bytes]] = []
    at, end = start[10], len(data)
    last_head = end - CHUNK_HEAD_BYTES
    while at <= last_head:
        key, length = _key_and_length(data, at)
        stop = at + length
        if length < CHUNK_HEAD_BYTES or stop > end:
            return None
        value = data[at + CHUNK_HEAD_BYTES : stop]
        at = stop
        if key == PAYLOAD:
            payload = value
        elif key == ROUTING_KEY:
            routing_key = value
        elif key == RECEIVED_AT and length == RECEIVED_AT_BYTES:
            received_at_us = int.from_bytes(value, "big")
        elif key > _OWN:
            widths = FIELD_WIDTHS.get(key)
            if widths is None or (widths and len(value) not in widths):
                return None
            own[key] = value
        elif key == CORRELATION_ID:
            correlation_id = value
        elif key == NODE_NAME:
            node_name = value
        elif key == AUTH_KEY:
            auth_key = value
        elif key <= LAST_FIXED or key == COMPRESSED:
            return None
        else:
            extra.append((key >> 16, key & 0xFFFF, value))
    if at != end:
        return None
    rest = (payload, node_name, correlation_id, auth_key, tuple(extra))
    packet = _build(start, rest, 0)
    packet.received_at_us, packet.routing_key = received_at_us, routing_key
    if own:
        packet.peer = own.pop(PEER, b"")
        if own:
            _add_sender(packet, own)
    return packet


def walk(data: bytes) -> Walk:
    """The chunks of the packet, whatever their order. Raises DecodeError for a bad head."""
    end = _checked_end(data)
    found = Walk(quirks=TRAILING_BYTES if end < len(data) else 0)
    if int.from_bytes(data[4:HEAD_BYTES], "big") > len(data):
        found.quirks |= TRUNCATED
    at = HEAD_BYTES
    while at + CHUNK_HEAD_BYTES <= end:
        key, length = KEY_AND_LENGTH.unpack_from(data, at)
        # A length below its own head would never advance and loop for ever.
        if length < CHUNK_HEAD_BYTES:
            break
        stop = at + length
        if stop > end:
            # Old sofia-sip sends lengths beyond the datagram: the payload is what there is.
            if key in (PAYLOAD, COMPRESSED):
                found.fields[key] = data[at + CHUNK_HEAD_BYTES : end]
            break
        _sort_in(found, key, data[at + CHUNK_HEAD_BYTES : stop])
        at = stop
    if at < end:
        found.quirks |= TRUNCATED
    return found


def _checked_end(data: bytes) -> int:
    magic = data[:4]
    if magic not in (MAGIC, ALTERNATIVE_MAGIC):
        if not data:
            raise DecodeError(Reason.EMPTY, 0)
        is_cut = MAGIC.startswith(data) or ALTERNATIVE_MAGIC.startswith(data)
        raise DecodeError(Reason.TRUNCATED, len(data)) if is_cut else DecodeError(Reason.NOT_HEP, 0)
    if len(data) < HEAD_BYTES:
        raise DecodeError(Reason.TRUNCATED, len(data))
    total = int.from_bytes(data[4:HEAD_BYTES], "big")
    if total < HEAD_BYTES:
        raise DecodeError(Reason.BAD_LENGTH, 4)
    return min(total, len(data))


def _sort_in(found: Walk, key: int, value: bytes) -> None:
    found.own_chunks += key >> 16 == OWN_VENDOR
    widths = FIELD_WIDTHS.get(key)
    if widths is not None and (not widths or len(value) in widths):
        found.fields[key] = value
        return
    if widths is not None:
        found.quirks |= ODD_WIDTH
    found.extra.append((key >> 16, key & 0xFFFF, value))


def packet_of(found: Walk) -> HepPacket:
    """The packet that the chunks make. Raises DecodeError for a bad compressed payload."""
    fields, quirks = found.fields, found.quirks
    payload, compressed = fields.get(PAYLOAD, b""), fields.get(COMPRESSED)
    if compressed is not None:
        if payload:
            found.extra.append((0, COMPRESSED, compressed))
        elif compressed:
            payload = inflate(compressed)
            quirks |= INFLATED
    start = _start_of(found)
    rest = (
        payload,
        fields.get(NODE_NAME, b""),
        fields.get(CORRELATION_ID, b""),
        fields.get(AUTH_KEY),
        tuple(found.extra),
    )
    packet = _build(start, rest, quirks)
    packet.received_at_us = _uint(fields, RECEIVED_AT)
    packet.peer = fields.get(PEER, b"")
    packet.routing_key = fields.get(ROUTING_KEY, b"")
    _add_sender(packet, fields)
    return packet


def _start_of(found: Walk) -> Start:
    fields = found.fields
    family = _uint(fields, 1)
    sides = []
    for v4, v6 in ((3, 5), (4, 6)):
        wanted, other = (v6, v4) if family == FAMILY_IPV6 else (v4, v6)
        if wanted in fields and other in fields:
            found.extra.append((0, other, fields[other]))
        sides.append(fields.get(wanted) or fields.get(other, b""))
    return (
        family,
        _uint(fields, 2),
        sides[0],
        sides[1],
        _uint(fields, 7),
        _uint(fields, 8),
        _uint(fields, 9),
        _uint(fields, 10),
        _uint(fields, 11),
        _uint(fields, 12),
        0,
    )


def _uint(fields: dict[int, bytes], key: int) -> int:
    return int.from_bytes(fields.get(key, b""), "big")


def _build(start: Start, rest: Rest, quirks: int) -> HepPacket:
    family, protocol, source, destination, sport, dport, seconds, micros, kind, raw_node, _ = start
    payload, node_name, correlation_id, auth_key, extra = rest
    address = source or destination
    if address:
        if family != (FAMILY_IPV4 if len(address) == 4 else FAMILY_IPV6):
            family = FAMILY_IPV4 if len(address) == 4 else FAMILY_IPV6
            quirks |= FAMILY_GUESSED
    elif family not in (FAMILY_IPV4, FAMILY_IPV6):
        family = FAMILY_UNKNOWN
    time_us = node_id = 0
    if seconds:
        time_us = seconds * 1_000_000 + micros
        if micros > 999_999:
            quirks |= TIME_CARRY
    else:
        quirks |= NO_TIME
    if raw_node & 0xFFFF:
        node_id = raw_node
    elif raw_node:
        node_id = raw_node >> NODE_ID_SHIFT
        quirks |= NODE_ID_SWAPPED
    if not kind or (kind == SIP and payload.startswith(b"{")):
        kind, payload, quirks = tell_payload(kind, payload, quirks)
    return HepPacket(
        3, family, protocol, source, destination, sport, dport, time_us, kind, node_id, payload,
        node_name, correlation_id, auth_key, raw_node, 0, b"", b"", b"", None, None, quirks, extra,
    )  # fmt: skip


def tell_payload(kind: int, payload: bytes, quirks: int) -> tuple[int, bytes, int]:
    """Type, payload and quirks once JSON around SIP is undone and a missing type is told."""
    inner = unwrap_json(payload)
    if inner is not None:
        payload = inner
        quirks |= JSON_UNWRAPPED
    if not kind:
        kind = guess_type(payload)
        if kind:
            quirks |= TYPE_GUESSED
    return kind, payload, quirks


def _add_sender(packet: HepPacket, fields: dict[int, bytes]) -> None:
    sent_as = fields.get(SENT_AS)
    if sent_as is not None:
        packet.version = sent_as[0] if sent_as[0] in (1, 2) else 3
        packet.quirks |= int.from_bytes(sent_as[1:], "big")
    packet.origin = fields.get(ORIGIN, b"")
    packet.seq = _uint(fields, SEQ) if SEQ in fields else None
    packet.ack = _uint(fields, ACK) if ACK in fields else None
