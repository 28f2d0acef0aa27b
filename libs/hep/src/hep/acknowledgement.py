"""Acknowledged delivery between our own sender and ingest, over connections only.

A sender opens with a packet that holds only its origin (16 random bytes), waits at most one
second, and numbers its packets from then on (seq u64). Ingest answers with packets that hold
only origin and ack: the highest seq that the bus has accepted. Both are HEP3 of chunks of
vendor 0x4853, so that a plain HEP server skips them.
"""

from hep.chunks import HEAD, HEAD_BYTES, MAGIC, OWN_VENDOR, chunk
from hep.packet import HepPacket

ORIGIN_BYTES = 16


def encode_hello(origin: bytes) -> bytes:
    """The opening packet of a sender; origin is its 16 bytes."""
    return _packet(chunk(OWN_VENDOR, 16, origin))


def encode_ack(origin: bytes, seq: int) -> bytes:
    """The answer: every packet of this origin up to seq is on the bus."""
    return _packet(chunk(OWN_VENDOR, 16, origin) + chunk(OWN_VENDOR, 18, seq.to_bytes(8, "big")))


def is_hello(packet: HepPacket) -> bool:
    """Whether a decoded packet is the opening one of a sender of ours."""
    return bool(packet.origin) and packet.seq is None and packet.ack is None and not packet.payload


def _packet(chunks: bytes) -> bytes:
    return HEAD.pack(MAGIC, HEAD_BYTES + len(chunks)) + chunks
