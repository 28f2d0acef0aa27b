"""Numbers in packets: never beyond HEP3's 65,535 bytes, never a byte of the message lost."""

import random

from hypothesis import given
from hypothesis import strategies as st

from hep import HepPacket, decode3, encode3
from hep.chunks import MAX_PACKET_BYTES
from hepscope_capture.senders.numbering import Numbering
from support.hep_wire import packet, start

ORIGIN = bytes(range(16))
NUMBER_BYTES = 36
NUMBERING = Numbering(ORIGIN)


def of_size(size: int, payload_byte: int = 65) -> bytes:
    """A packet of so many bytes in all."""
    bare = encode3(HepPacket(source=bytes(4), destination=bytes(4), payload=b"x"))
    payload = bytes([payload_byte]) * (size - len(bare) + 1)
    made = encode3(HepPacket(source=bytes(4), destination=bytes(4), payload=payload))
    assert len(made) == size
    return made


@given(st.integers(1, 2**64 - 1))
def test_the_number_stands_behind_everything_else(seq: int) -> None:
    """All bytes of the packet stay; only its length grows."""
    original = of_size(500)
    numbered = NUMBERING.number(original, seq)
    assert numbered is not None
    assert numbered[6:500] == original[6:]
    assert len(numbered) == 500 + NUMBER_BYTES
    decoded = decode3(numbered)
    assert (decoded.origin, decoded.seq) == (ORIGIN, seq)


def test_what_just_fits_is_not_compressed() -> None:
    """Up to the last byte of the 16-bit length."""
    numbered = NUMBERING.number(of_size(MAX_PACKET_BYTES - NUMBER_BYTES), 7)
    assert numbered is not None
    assert len(numbered) == MAX_PACKET_BYTES


def test_what_does_not_fit_is_compressed() -> None:
    """The message comes out whole, all other chunks are as they were."""
    original = of_size(MAX_PACKET_BYTES - NUMBER_BYTES + 1)
    numbered = NUMBERING.number(original, 7)
    assert numbered is not None
    assert len(numbered) < 1000
    decoded, before = decode3(numbered), decode3(original)
    assert (decoded.payload, decoded.seq) == (before.payload, 7)
    assert (decoded.source, decoded.time_us) == (before.source, before.time_us)


def test_what_cannot_be_compressed_has_no_number() -> None:
    """A packet that would have to be cut is left as it is."""
    payload = random.Random(1).randbytes(MAX_PACKET_BYTES - 120)
    big = encode3(HepPacket(source=bytes(4), destination=bytes(4), payload=payload))
    assert len(big) > MAX_PACKET_BYTES - NUMBER_BYTES
    assert NUMBERING.number(big, 7) is None


def test_damage_is_carried_not_repaired() -> None:
    """A chunk length that cannot be ends the search for the payload."""
    damaged = packet(*start(), b"\0\0\0\x0f\0\1", bytes(MAX_PACKET_BYTES - 120))
    assert len(damaged) > MAX_PACKET_BYTES - NUMBER_BYTES
    assert NUMBERING.number(damaged, 7) is None
