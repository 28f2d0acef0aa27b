"""HEP3 decoder: magic, total length u16, then chunks in any order (specification rev. 37).

All numbers are big-endian, lengths count their own heads. Packets with a usual start take the
fast way, all others the walk, and both give the same packet.
"""

from struct import Struct

from hep.chunks import (
    ACK,
    AUTH_KEY,
    CHUNK_HEAD_BYTES,
    COMPRESSED,
    CORRELATION_ID,
    FIELD_WIDTHS,
    KEY_AND_LENGTH,
    LAST_FIXED,
    NODE_NAME,
    ORIGIN,
    OWN_VENDOR,
    PAYLOAD,
    PEER,
    RECEIVED_AT,
    ROUTING_KEY,
    SENT_AS,
    SEQ,
)
from hep.layouts import Start, read_start
from hep.packet import FAMILY_IPV4, FAMILY_IPV6, FAMILY_UNKNOWN, HepPacket, Quirk
from hep.payload import guess_type, inflate, unwrap_json
from hep.protocols import SIP
from hep.walk import Walk, walk

# A 16-bit node id that was byte-swapped as such and then stored in 32 bits (sngrep, sipgrep,
# rtpproxy, resiprocate) has an empty lower half; no agent numbers its nodes in steps of 65,536.
NODE_ID_SHIFT = 16

_OWN = OWN_VENDOR << 16
_key_and_length = KEY_AND_LENGTH.unpack_from

# What ingest puts last: arrival, peer, routing key. By the length of the peer's chunk: reader of
# all up to the key, and the offset of the key from the first head.
_RECEIVED_AT_BYTES = CHUNK_HEAD_BYTES + 8
_PEER_LENGTH_AT = CHUNK_HEAD_BYTES + 8 + CHUNK_HEAD_BYTES - 1
_TAILS = {
    CHUNK_HEAD_BYTES + width: (tail.unpack_from, tail.size)
    for width in FIELD_WIDTHS[PEER]
    for tail in [Struct(f"!4xHQIH{width}sIH")]
}

NODE_ID_SWAPPED = int(Quirk.NODE_ID_SWAPPED)
TIME_CARRY = int(Quirk.TIME_CARRY)
NO_TIME = int(Quirk.NO_TIME)
FAMILY_GUESSED = int(Quirk.FAMILY_GUESSED)
INFLATED = int(Quirk.INFLATED)
JSON_UNWRAPPED = int(Quirk.JSON_UNWRAPPED)
TYPE_GUESSED = int(Quirk.TYPE_GUESSED)

# payload, node name, correlation id, auth key, extra
Rest = tuple[bytes, bytes, bytes, bytes | None, tuple[tuple[int, int, bytes], ...]]
# received_at_us, peer, routing key
Tail = tuple[int, bytes, bytes]


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


def _decode_rest(data: bytes, start: Start) -> HepPacket | None:
    """The packet behind a known start; None where only the walk can tell."""
    payload, node_name, correlation_id, auth_key = b"", b"", b"", None
    own: dict[int, bytes] = {}
    extra: list[tuple[int, int, bytes]] = []
    tail: Tail | None = None
    at, end = start[10], len(data)
    last_head = end - CHUNK_HEAD_BYTES
    while at <= last_head:
        key, length = _key_and_length(data, at)
        stop = at + length
        if length < CHUNK_HEAD_BYTES or stop > end:
            return None
        if key == RECEIVED_AT and (tail := _read_tail(data, at, end)) is not None:
            at = end
            break
        value = data[at + CHUNK_HEAD_BYTES : stop]
        at = stop
        if key == PAYLOAD:
            payload = value
        elif key > _OWN and len(value) in FIELD_WIDTHS.get(key, ()):
            own[key] = value
        elif key == CORRELATION_ID:
            correlation_id = value
        elif key == NODE_NAME:
            node_name = value
        elif key == AUTH_KEY:
            auth_key = value
        elif key <= LAST_FIXED or key == COMPRESSED or key > _OWN:
            return None
        else:
            extra.append((key >> 16, key & 0xFFFF, value))
    if at != end:
        return None
    rest = (payload, node_name, correlation_id, auth_key, tuple(extra))
    packet = _build(start, rest, tail or _tail_of(own), 0)
    if own:
        _add_own(packet, own)
    return packet


def _read_tail(data: bytes, at: int, end: int) -> Tail | None:
    """What the last three chunks say, if from here on they are those that ingest writes."""
    tail = _TAILS.get(data[at + _PEER_LENGTH_AT]) if at + _PEER_LENGTH_AT < end else None
    if tail is None or at + tail[1] > end:
        return None
    length, received_at_us, peer_key, peer_length, peer, key, key_length = tail[0](data, at)
    key_at = at + tail[1]
    is_usual = (
        length == _RECEIVED_AT_BYTES
        and peer_key == PEER
        and peer_length == len(peer) + CHUNK_HEAD_BYTES
        and key == ROUTING_KEY
        and key_at + key_length == end + CHUNK_HEAD_BYTES
    )
    return (received_at_us, peer, data[key_at:]) if is_usual else None


def _tail_of(fields: dict[int, bytes]) -> Tail:
    return _uint(fields, RECEIVED_AT), fields.get(PEER, b""), fields.get(ROUTING_KEY, b"")


def packet_of(found: Walk) -> HepPacket:
    """The packet that the chunks make. Raises DecodeError for a bad compressed payload."""
    fields, quirks = found.fields, int(found.quirks)
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
    packet = _build(start, rest, _tail_of(fields), quirks)
    _add_own(packet, fields)
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


def _build(start: Start, rest: Rest, tail: Tail, quirks: int) -> HepPacket:
    family, protocol, source, destination, sport, dport, seconds, micros, kind, raw_node, _ = start
    payload, node_name, correlation_id, auth_key, extra = rest
    received_at_us, peer, routing_key = tail
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
        node_name, correlation_id, auth_key, raw_node, received_at_us, peer, routing_key, b"",
        None, None, quirks, extra,
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


def _add_own(packet: HepPacket, fields: dict[int, bytes]) -> None:
    sent_as = fields.get(SENT_AS)
    if sent_as is not None:
        packet.version = sent_as[0] if sent_as[0] in (1, 2) else 3
        packet.quirks |= int.from_bytes(sent_as[1:], "big")
    packet.origin = fields.get(ORIGIN, b"")
    packet.seq = _uint(fields, SEQ) if SEQ in fields else None
    packet.ack = _uint(fields, ACK) if ACK in fields else None
