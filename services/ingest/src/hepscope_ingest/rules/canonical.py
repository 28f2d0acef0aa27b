"""A canonical packet with another payload: what masking hands on instead of the original.

The packet is decoded and encoded anew, so that no copy of the payload stays in it: neither in a
repeated chunk nor in a compressed one beside it.
"""

from hep import EncodeError, decode3, encode3
from hep.chunks import CHUNK_HEAD_BYTES, COMPRESSED, PAYLOAD

_PAYLOAD_HEAD = PAYLOAD.to_bytes(4, "big")
_COMPRESSED_HEAD = COMPRESSED.to_bytes(4, "big")


def with_payload(packet: bytes, payload: bytes) -> bytes | None:
    """Return a packet as ``admit`` makes it with this payload; None where it would not fit."""
    decoded = decode3(packet)
    decoded.payload = payload
    decoded.extra = tuple(chunk for chunk in decoded.extra if chunk[:2] != (0, COMPRESSED))
    try:
        return encode3(decoded)
    except EncodeError:
        return None


def may_hold_copies(packet: bytes, payload: bytes) -> bool:
    """Tell whether a packet could hold more than one payload; seldom yes without need."""
    if _COMPRESSED_HEAD in packet:
        return True
    head = _PAYLOAD_HEAD + (CHUNK_HEAD_BYTES + len(payload) & 0xFFFF).to_bytes(2, "big")
    return packet.count(_PAYLOAD_HEAD) > 1 or head not in packet
