"""Blocks of a ring, laid out as linux/if_packet.h says."""

from hepscope_capture.decode.datagrams import Dissector
from hepscope_capture.live.packet_socket import BLOCK_BYTES
from support.frames import ethernet, ipv4, make_options, udp
from support.rings import Shown, read, ring_of

PACKET = ipv4(udp(make_options()))
FRAME = ethernet(PACKET)


def test_blocks_follow_each_other_and_are_given_back() -> None:
    """Round and round; None while the next is the kernel's."""
    memory, ring, counts = ring_of([Shown(FRAME), Shown(FRAME)], [Shown(FRAME)])
    assert [len(read(ring) or []), len(read(ring) or [])] == [2, 1]
    assert read(ring) is None
    assert [memory[8], memory[BLOCK_BYTES + 8]] == [0, 0]
    assert (counts.frames, counts.cut) == (3, 0)
    memory[8] = 1
    assert len(read(ring) or []) == 2


def test_times_are_microseconds() -> None:
    """Of nanoseconds."""
    _, ring, _ = ring_of([Shown(FRAME)])
    frames = read(ring)
    assert frames is not None
    assert frames[0].time_us == 1_700_000_000_123_456


def read_one(shown: Shown) -> tuple[bytes, int, int]:
    """Payload, VLAN and missing bytes of what is shown, as the decoder reads it."""
    _, ring, _ = ring_of([shown])
    frames = read(ring)
    assert frames is not None
    datagram = Dissector().dissect(frames[0])
    assert datagram is not None
    return datagram.payload, datagram.vlan, frames[0].wire_length - len(frames[0].data)


def test_link_layers() -> None:
    """Ethernet and loopback have a head; elsewhere the packet is where the kernel says."""
    for shown in (
        Shown(FRAME),
        Shown(FRAME, device=772),
        Shown(PACKET, device=65534, link_bytes=0),
        Shown(b"tunnel--" + PACKET, device=778, link_bytes=8),
        Shown(b"\x00\x07\x08\x00" + PACKET, device=65534, link_bytes=0, protocol=0x8100),
    ):
        payload, vlan, missing = read_one(shown)
        assert (payload, missing) == (make_options(), 0)
        assert vlan == (7 if shown.protocol == 0x8100 else 0)


def test_tags_that_were_taken_off() -> None:
    """Are put back, of whichever type; the inner one of two is told."""
    assert read_one(Shown(FRAME, status=0x51, tag=0x6005, tag_type=0x8100))[1] == 5
    assert read_one(Shown(FRAME, status=0x11, tag=0x6005))[1] == 5
    assert read_one(Shown(FRAME, status=0x01, tag=0x6005))[1] == 0
    inner = ethernet(PACKET, kind=0x0800, tags=((0x8100, 42),))
    shown = Shown(inner, status=0x51, tag=7, tag_type=0x88A8, protocol=0x8100)
    assert read_one(shown) == (make_options(), 42, 0)


def test_what_is_cut_is_counted() -> None:
    """The wire had more than the snap length."""
    _, ring, counts = ring_of([Shown(FRAME[:60], wire=len(FRAME)), Shown(FRAME)])
    frames = read(ring)
    assert frames is not None
    assert [one.wire_length for one in frames] == [len(FRAME), len(FRAME)]
    assert (counts.frames, counts.cut) == (2, 1)


def test_a_frame_of_nothing() -> None:
    """Has no place for a tag."""
    _, ring, _ = ring_of([Shown(b"", status=0x51, tag=5, tag_type=0x8100)])
    frames = read(ring)
    assert frames is not None
    assert frames[0].data == b""
