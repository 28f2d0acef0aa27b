"""Hello and ack packets of our own senders."""

from hep import HepPacket, decode3, encode_ack, encode_hello, is_hello
from support.hep_wire import chunk, packet

ORIGIN = bytes(range(16))


def test_a_hello_holds_only_the_origin() -> None:
    """A plain server skips it as a vendor chunk."""
    data = encode_hello(ORIGIN)

    assert data == packet(chunk(0x4853, 16, ORIGIN))
    assert is_hello(decode3(data))


def test_an_ack_holds_origin_and_number() -> None:
    """The number is 64 bits."""
    found = decode3(encode_ack(ORIGIN, 1 << 63))

    assert (found.origin, found.ack, found.seq) == (ORIGIN, 1 << 63, None)
    assert not is_hello(found)


def test_a_numbered_packet_is_no_hello() -> None:
    """Neither is a packet of anybody else."""
    assert not is_hello(HepPacket(origin=ORIGIN, seq=0))
    assert not is_hello(HepPacket(origin=ORIGIN, payload=b"x"))
    assert not is_hello(HepPacket())
