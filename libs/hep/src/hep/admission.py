"""Admission: bytes of any HEP version in, a canonical HEP3 packet and its routing out.

The canonical packet is what was sent, without the auth key and without chunks of our vendor
from outside, and with ours behind: arrival, peer, routing key. A plain HEP3 packet keeps its
bytes and is never made an object: one look at its start, one step per chunk behind. Whatever
is unusual is decoded and encoded again, which gives the same fields at ten times the price.
Where keys are demanded, they are looked at before anything that costs: no stranger makes us
inflate, unwrap or search a payload.
"""

from collections.abc import Sequence
from hmac import compare_digest
from struct import Struct
from typing import NamedTuple

from hep.chunks import (
    AUTH_KEY,
    CHUNK_HEAD,
    CHUNK_HEAD_BYTES,
    COMPRESSED,
    CORRELATION_ID,
    HEAD,
    HEAD_BYTES,
    KEY_AND_LENGTH,
    LAST_FIXED,
    MAGIC,
    MAX_PACKET_BYTES,
    NODE_NAME,
    ORIGIN,
    OWN_VENDOR,
    PAYLOAD,
    SEQ,
)
from hep.datagram import is_version3, unwrap_frame
from hep.encoding import encode3
from hep.errors import DecodeError, EncodeError, Reason
from hep.hep3 import FAMILY_GUESSED, NO_TIME, NODE_ID_SHIFT, NODE_ID_SWAPPED, TIME_CARRY, packet_of
from hep.hep12 import decode12
from hep.layouts import Start, read_start
from hep.packet import FAMILY_IPV4, FAMILY_IPV6, HepPacket
from hep.protocols import SIP
from hep.routing import address_pair, routing_key_of
from hep.sip import find_call_id
from hep.walk import Walk, walk

_RECEIVED_AT_HEAD = CHUNK_HEAD.pack(OWN_VENDOR, 1, CHUNK_HEAD_BYTES + 8)
_OWN = {width: Struct(f"!6sQ{6 if width else 0}s{width}sHHH") for width in (0, 6, 18)}
# By width of the peer, none for an unknown one: writer of our chunks up to the routing key,
# head of the peer's chunk, and their size.
_OWN_BY_PEER = {
    width: (own.pack, CHUNK_HEAD.pack(OWN_VENDOR, 2, CHUNK_HEAD_BYTES + width), own.size)
    for width, own in _OWN.items()
}
_key_and_length = KEY_AND_LENGTH.unpack_from
_pack_head = HEAD.pack
_ORIGIN_BYTES, _SEQ_BYTES = 16, 8

# payload, node name, correlation id, auth key, origin, seq, the bytes to keep
Rest = tuple[bytes, bytes, bytes, bytes | None, bytes, int | None, list[bytes]]


class Admitted(NamedTuple):
    """A packet ready for the bus, and what ingest decides and counts by."""

    packet: bytes
    protocol_type: int
    routing_key: bytes
    version: int
    node_id: int
    node_name: bytes
    auth_key: bytes | None
    ip_protocol: int
    time_us: int
    payload: bytes
    stripped_own_chunks: int
    quirks: int
    origin: bytes
    seq: int | None


def admit(
    data: bytes,
    *,
    received_at_us: int,
    peer: bytes,
    keep_origin: bool = False,
    keys: Sequence[bytes] = (),
) -> Admitted:
    """The canonical packet of one datagram, or of one packet of a stream.

    peer is the sender's packed address and port u16 (6 or 18 bytes, b"" = not known).
    keep_origin keeps origin and seq (vendor chunks 16 and 17), which only connections may
    send; otherwise they are removed and counted like the rest of our vendor. keys, if any, are
    those of which the packet must carry one. Raises DecodeError and nothing else; AUTH_KEY for a
    packet without such a key, TOO_LARGE also for one that our chunks carry past 65,535 bytes.
    """
    start = read_start(data)
    if start is not None:
        rest = _read_rest(data, start[10], keep_origin=keep_origin)
        if rest is not None:
            if keys:
                _demand_key(rest[3], keys)
            admitted = _admit_plain(start, rest, received_at_us, peer)
            if admitted is not None:
                return admitted
    return _admit_decoded(data, received_at_us, peer, keep_origin=keep_origin, keys=keys)


def _read_rest(data: bytes, at: int, *, keep_origin: bool) -> Rest | None:
    """The rest of a packet whose known start ends here; None where it must be decoded."""
    payload, node_name, correlation_id, auth_key = b"", b"", b"", None
    origin, seq = b"", None
    kept: list[bytes] = []
    kept_from, end = HEAD_BYTES, len(data)
    last_head = end - CHUNK_HEAD_BYTES
    while at <= last_head:
        key, length = _key_and_length(data, at)
        stop = at + length
        if length < CHUNK_HEAD_BYTES or stop > end:
            return None
        value = data[at + CHUNK_HEAD_BYTES : stop]
        if key == PAYLOAD:
            payload = value
        elif key == CORRELATION_ID:
            correlation_id = value
        elif key == NODE_NAME:
            node_name = value
        elif key == AUTH_KEY:
            auth_key = value
            kept.append(data[kept_from:at])
            kept_from = stop
        elif key == ORIGIN and keep_origin and len(value) == _ORIGIN_BYTES:
            origin = value
        elif key == SEQ and keep_origin and len(value) == _SEQ_BYTES:
            seq = int.from_bytes(value, "big")
        elif key <= LAST_FIXED or key == COMPRESSED or key >> 16 == OWN_VENDOR:
            return None
        at = stop
    if at != end:
        return None
    kept.append(data[kept_from:])
    return payload, node_name, correlation_id, auth_key, origin, seq, kept


def _admit_plain(start: Start, rest: Rest, received_at_us: int, peer: bytes) -> Admitted | None:
    family, ip_protocol, source, destination, _, _, seconds, micros, kind, node_id, _ = start
    payload, node_name, correlation_id, auth_key, origin, seq, kept = rest
    routing_key = b""
    if kind == SIP:
        if payload.startswith(b"{"):
            return None
        routing_key = find_call_id(payload)
    elif not kind:
        return None
    if not routing_key:
        routing_key = correlation_id or address_pair(source, destination)
    quirks = 0
    if family != (FAMILY_IPV4 if len(source) == 4 else FAMILY_IPV6):
        quirks = FAMILY_GUESSED
    time_us = seconds * 1_000_000 + micros
    if not seconds:
        time_us, quirks = 0, quirks | NO_TIME
    elif micros > 999_999:
        quirks |= TIME_CARRY
    if node_id and not node_id & 0xFFFF:
        node_id, quirks = node_id >> NODE_ID_SHIFT, quirks | NODE_ID_SWAPPED
    packet = _canonical(kept, received_at_us, peer, routing_key)
    if packet is None:
        return None
    # _make takes a third of the time of the constructor, which is a Python function.
    return Admitted._make((
        packet, kind, routing_key, 3, node_id, node_name, auth_key, ip_protocol, time_us,
        payload, 0, quirks, origin, seq,
    ))  # fmt: skip


def _canonical(
    kept: list[bytes], received_at_us: int, peer: bytes, routing_key: bytes
) -> bytes | None:
    """The kept bytes with our chunks behind, as encode3 writes them; None if over 65,535."""
    known = _OWN_BY_PEER.get(len(peer))
    if known is None:
        return None
    pack, peer_head, own_bytes = known
    key_bytes = CHUNK_HEAD_BYTES + len(routing_key)
    body = kept[0] if len(kept) == 1 else b"".join(kept)
    total = HEAD_BYTES + len(body) + own_bytes + len(routing_key)
    if total > MAX_PACKET_BYTES:
        return None
    own = pack(_RECEIVED_AT_HEAD, received_at_us, peer_head, peer, OWN_VENDOR, 3, key_bytes)
    return b"".join((_pack_head(MAGIC, total), body, own, routing_key))


def _admit_decoded(
    data: bytes,
    received_at_us: int,
    peer: bytes,
    *,
    keep_origin: bool,
    keys: Sequence[bytes] = (),
) -> Admitted:
    packet, stripped = _decode_foreign(data, received_at_us, keep_origin=keep_origin, keys=keys)
    auth_key, packet.auth_key = packet.auth_key, None
    packet.received_at_us, packet.peer = received_at_us, peer
    packet.routing_key = routing_key_of(packet, peer)
    try:
        canonical = encode3(packet)
    except EncodeError as refusal:
        raise DecodeError(refusal.reason, 0) from refusal
    return Admitted(
        packet=canonical,
        protocol_type=packet.protocol_type,
        routing_key=packet.routing_key,
        version=packet.version,
        node_id=packet.node_id,
        node_name=packet.node_name,
        auth_key=auth_key,
        ip_protocol=packet.ip_protocol,
        time_us=packet.time_us,
        payload=packet.payload,
        stripped_own_chunks=stripped,
        quirks=packet.quirks,
        origin=packet.origin,
        seq=packet.seq,
    )


def _decode_foreign(
    data: bytes, received_at_us: int, *, keep_origin: bool, keys: Sequence[bytes]
) -> tuple[HepPacket, int]:
    """The packet without chunks of our vendor, and how many of those it held."""
    frame, quirks = unwrap_frame(data)
    if not is_version3(frame):
        packet, stripped = decode12(frame, received_at_us), 0
        if keys:
            _demand_key(None, keys)
    else:
        found = walk(frame)
        if keys:
            _demand_key(found.fields.get(AUTH_KEY), keys)
        stripped = _strip_own(found, keep_origin=keep_origin)
        packet = packet_of(found)
    packet.quirks |= quirks
    return packet, stripped


def _demand_key(key: bytes | None, keys: Sequence[bytes]) -> None:
    # Compare with all of them, in constant time: a key is a secret.
    matches = [compare_digest(key or b"", known) for known in keys]
    if not any(matches):
        raise DecodeError(Reason.AUTH_KEY, 0)


def _strip_own(found: Walk, *, keep_origin: bool) -> int:
    kept = (ORIGIN, SEQ) if keep_origin else ()
    found.fields = {
        key: value for key, value in found.fields.items() if key >> 16 != OWN_VENDOR or key in kept
    }
    found.extra = [other for other in found.extra if other[0] != OWN_VENDOR]
    return found.own_chunks - sum(key in found.fields for key in kept)
