"""Frames to datagrams: the layers together."""

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.ip import decode_ip
from hepscope_capture.decode.link import LINK_TYPES
from hepscope_capture.decode.transport import decode_tcp, decode_udp
from hepscope_capture.frame import Frame
from support.frames import (
    ALICE,
    ALICE6,
    BOB,
    BOB6,
    ethernet,
    fragments_v4,
    fragments_v6,
    ipv4,
    ipv6,
    ipv6_fragment,
    make_options,
    tcp,
    udp,
)

SIP = make_options()


def frame(data: bytes, time_us: int = 1, link_type: int = 1) -> Frame:
    """A whole frame."""
    return Frame(time_us, link_type, data, len(data))


def test_udp_over_ipv4_in_a_vlan() -> None:
    """Everything that a HEP packet needs comes out."""
    datagram = Dissector().dissect(frame(ethernet(ipv4(udp(SIP)), tags=[(0x8100, 100)]), 42))
    assert datagram == Datagram(
        42, 17, ip_address(ALICE).packed, 5060, ip_address(BOB).packed, 5070, SIP, vlan=100
    )


def test_udp_over_ipv6_and_tcp_over_ipv4() -> None:
    """Both IP versions, both transports."""
    six = Dissector().dissect(frame(ethernet(ipv6(udp(SIP)))))
    assert six is not None
    assert (six.source, six.destination) == (ip_address(ALICE6).packed, ip_address(BOB6).packed)
    four = Dissector().dissect(frame(ethernet(ipv4(tcp(SIP), protocol=6))))
    assert four is not None
    assert (four.protocol, four.payload) == (6, SIP)


@pytest.mark.parametrize("fragments", [fragments_v4(udp(SIP), 64), fragments_v6(udp(SIP), 64)])
def test_fragments_give_one_datagram_at_the_time_of_the_last(fragments: list[bytes]) -> None:
    """The receiver saw the message when it was complete."""
    dissector = Dissector()
    *waiting, last = [
        dissector.dissect(frame(ethernet(piece), at)) for at, piece in enumerate(fragments)
    ]
    assert waiting == [None] * (len(fragments) - 1)
    assert last is not None
    assert (last.time_us, last.payload) == (len(fragments) - 1, SIP)
    assert dissector.fragments.joined == 1


def test_extension_heads_inside_the_fragments_are_walked() -> None:
    """Destination options may be part of what was fragmented."""
    body = b"\x11\x00" + bytes(6) + udp(SIP)
    dissector = Dissector()
    seen = [
        dissector.dissect(frame(ethernet(each))) for each in fragments_v6(body, 128, following=60)
    ]
    assert seen[-1] is not None
    assert seen[-1].payload == SIP


def test_fragments_inside_fragments_are_refused() -> None:
    """Nobody does that in good faith."""
    inner = ipv6_fragment(bytes(64), more=True)
    dissector = Dissector()
    *others, last = fragments_v6(inner, 32, following=44)
    assert [dissector.dissect(frame(ethernet(each))) for each in others] == [None] * len(others)
    with pytest.raises(FrameError) as refused:
        dissector.dissect(frame(ethernet(last)))
    assert refused.value.reason is Reason.TOO_DEEP


def test_a_datagram_that_the_capture_cut_is_marked() -> None:
    """The message is kept up to where the capture ends."""
    data = ethernet(ipv4(udp(SIP)))[:-20]
    datagram = Dissector().dissect(Frame(1, 1, data, len(data) + 20))
    assert datagram is not None
    assert (datagram.payload, datagram.is_cut) == (SIP[:-20], True)


def test_other_protocols_are_refused() -> None:
    """An ICMP error carries a UDP head, but not as UDP."""
    with pytest.raises(FrameError) as refused:
        Dissector().dissect(frame(ethernet(ipv4(bytes(8) + ipv4(udp(SIP)), protocol=1))))
    assert refused.value.reason is Reason.OTHER_TRANSPORT


HEADS = st.sampled_from(
    [b"", ethernet(b"", kind=0x0800), ethernet(b"", kind=0x86DD), b"\x45", b"\x60"]
)


@given(st.lists(st.tuples(st.sampled_from(sorted(LINK_TYPES)), HEADS, st.binary(max_size=90))))
@settings(max_examples=200, deadline=None)
def test_any_frames_give_datagrams_or_refusals(frames: list[tuple[int, bytes, bytes]]) -> None:
    """Whatever the frames, dissect returns or raises FrameError."""
    dissector = Dissector()
    for at, (link_type, head, rest) in enumerate(frames):
        with suppress(FrameError):
            dissector.dissect(frame(head + rest, at, link_type))
    dissector.finish()
    assert dissector.fragments.received <= len(frames)


@given(st.integers(0, len(SIP)), st.binary(min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_damaged_frame_gives_a_payload_within_it_or_a_refusal(at: int, damage: bytes) -> None:
    """Flipped bytes anywhere, heads included, never invent payload."""
    data = bytearray(ethernet(ipv4(udp(SIP))))
    data[at : at + len(damage)] = damage
    with suppress(FrameError):
        datagram = Dissector().dissect(frame(bytes(data)))
        assert datagram is None or datagram.payload in bytes(data)


def thorough(data: bytes) -> Datagram | Reason:
    """The datagram of a bare IP packet, or why there is none, layer by layer."""
    try:
        packet = decode_ip(data, 0)
        assert not packet.is_fragment
        if packet.protocol == 17:
            found = decode_udp(packet.payload, is_cut=packet.is_cut)
        else:
            found = decode_tcp(packet.payload)
    except FrameError as refusal:
        return refusal.reason
    return Datagram(
        7, packet.protocol, packet.source, found.source_port, packet.destination,
        found.destination_port, found.payload, is_cut=packet.is_cut, tos=packet.tos,
        sequence=found.sequence, flags=found.flags, acknowledgement=found.acknowledgement,
    )  # fmt: skip


USUAL = {
    "UDP": (ipv4(udp(SIP)), (0, 1, 2, 3, 24, 25)),
    "UDP over IPv6": (ipv6(udp(SIP)), (0, 1, 4, 5, 44, 45)),
    "TCP": (ipv4(tcp(SIP, options=bytes(4)), protocol=6), (0, 1, 2, 3, 32, 33)),
    "TCP over IPv6": (ipv6(tcp(SIP), following=6), (0, 1, 4, 5, 52, 53)),
}


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(sorted(USUAL)),
    st.integers(0, 5),
    st.integers(0, 255),
    st.integers(0, len(SIP) + 70),
    st.binary(max_size=9),
)
def test_the_usual_packet_is_read_as_the_others(
    name: str, field: int, value: int, size: int, padding: bytes
) -> None:
    """Whatever its lengths say, and whether it is cut or padded."""
    packet, fields = USUAL[name]
    changed = bytearray(packet)
    changed[fields[field]] = value
    data = bytes(changed + padding)[: size or None]
    if data[:1] and data[0] >> 4 != packet[0] >> 4:
        return
    found: Datagram | Reason | None
    try:
        found = Dissector().dissect(Frame(7, 101, data, len(data)))
    except FrameError as refusal:
        found = refusal.reason
    assert found == thorough(data)
