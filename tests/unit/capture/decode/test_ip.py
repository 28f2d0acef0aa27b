"""IP heads: lengths against padding and cuts, options, extension heads, fragments."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.ip import IpPacket, decode_ip
from support.frames import ALICE, BOB, ipv4, ipv6, ipv6_fragment

SOURCE, DESTINATION = bytes(map(int, ALICE.split("."))), bytes(map(int, BOB.split(".")))


def extension(following: int, size: int = 8) -> bytes:
    """An extension head of IPv6."""
    return bytes([following, size // 8 - 1]) + bytes(size - 2)


def test_addresses_protocol_and_payload() -> None:
    """The plain case, somewhere in a frame."""
    packet = decode_ip(b"head" + ipv4(b"payload", protocol=6), 4)
    assert packet == IpPacket(SOURCE, DESTINATION, 6, b"payload", fragment_id=7)
    assert not packet.is_fragment


def test_options_are_stepped_over() -> None:
    """The head's own length decides where the payload starts."""
    assert decode_ip(ipv4(b"payload", options=bytes(40)), 0).payload == b"payload"


def test_padding_behind_the_packet_is_dropped() -> None:
    """Ethernet pads short frames; the frame check may be captured too."""
    assert decode_ip(ipv4(b"payload") + bytes(30), 0).payload == b"payload"
    assert decode_ip(ipv6(b"payload") + bytes(30), 0).payload == b"payload"


def test_length_zero_means_up_to_the_end() -> None:
    """Packets that the card would have cut into segments are captured without a length."""
    assert decode_ip(ipv4(b"payload", total=0), 0).payload == b"payload"
    assert decode_ip(ipv6(b"payload", length=0), 0).payload == b"payload"


def test_a_packet_longer_than_the_frame_is_cut() -> None:
    """What is there is kept, and marked."""
    for packet in (ipv4(b"payload", total=500), ipv6(b"payload", length=500)):
        decoded = decode_ip(packet, 0)
        assert (decoded.payload, decoded.is_cut) == (b"payload", True)


def test_a_fragment_says_its_place() -> None:
    """Offset in bytes, whatever the don't-fragment bit says."""
    packet = decode_ip(ipv4(b"12345678", offset=1480, more=True, dont_fragment=True), 0)
    assert (packet.fragment_offset, packet.has_more, packet.is_fragment) == (1480, True, True)
    assert decode_ip(ipv4(b"1", offset=8), 0).is_fragment


def test_extension_heads_are_walked() -> None:
    """Hop-by-hop, routing, destination options and authentication lead to UDP."""
    authentication = bytes([17, 4]) + bytes(22)
    body = extension(43) + extension(60, 24) + extension(51, 16) + authentication + b"payload"
    packet = decode_ip(ipv6(body, following=0), 0)
    assert (packet.protocol, packet.payload) == (17, b"payload")


def test_a_fragment_of_ipv6() -> None:
    """The fragment head ends the walk; what it announces is the protocol."""
    body = extension(44) + ipv6_fragment(b"12345678", offset=16, more=True)
    packet = decode_ip(ipv6(body, following=0), 0)
    assert (packet.protocol, packet.payload, packet.fragment_id) == (17, b"12345678", 9)
    assert (packet.fragment_offset, packet.has_more) == (16, True)


def test_an_atomic_fragment_is_whole() -> None:
    """A fragment head without fragmentation (RFC 6946) is one more extension head."""
    body = ipv6_fragment(extension(17) + b"payload", following=60)
    packet = decode_ip(ipv6(body, following=44), 0)
    assert (packet.protocol, packet.payload, packet.is_fragment) == (17, b"payload", False)


REFUSED = {
    "nothing": (b"", Reason.TRUNCATED, 0),
    "a version that does not exist": (b"\x50" + bytes(40), Reason.BAD_VERSION, 0),
    "IPv4, cut in its head": (ipv4(b"")[:19], Reason.TRUNCATED, 19),
    "IPv4, cut in its options": (ipv4(b"", options=bytes(8))[:24], Reason.TRUNCATED, 24),
    "IPv4 with too short a head": (b"\x44" + ipv4(b"")[1:], Reason.BAD_LENGTH, 0),
    "IPv4 shorter than its head": (ipv4(b"", total=19), Reason.BAD_LENGTH, 0),
    "IPv6, cut in its head": (ipv6(b"")[:39], Reason.TRUNCATED, 39),
    "IPv6, cut in an extension": (ipv6(extension(17, 64)[:20], following=0), Reason.TRUNCATED, 60),
    "IPv6, cut in a fragment head": (ipv6(bytes(5), following=44), Reason.TRUNCATED, 45),
    "IPv6 with heads without end": (ipv6(extension(60) * 40, following=60), Reason.TOO_DEEP, 168),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_names_reason_and_offset(case: str) -> None:
    """A refused packet says why and where."""
    data, reason, offset = REFUSED[case]
    with pytest.raises(FrameError) as refused:
        decode_ip(data, 0)
    assert (refused.value.reason, refused.value.offset) == (reason, offset)


@given(st.sampled_from([b"\x45", b"\x4f", b"\x60", b""]), st.binary(max_size=120))
def test_any_bytes_give_a_packet_within_them_or_a_refusal(first: bytes, rest: bytes) -> None:
    """Whatever the bytes, decode_ip returns or raises FrameError."""
    with suppress(FrameError):
        assert decode_ip(first + rest, 0).payload in first + rest


@given(st.sampled_from([0, 43, 44, 51, 60]), st.binary(max_size=200))
def test_any_chain_of_extension_heads_ends(following: int, body: bytes) -> None:
    """A chain gives a packet or a refusal."""
    with suppress(FrameError):
        packet = decode_ip(ipv6(body, following=following), 0)
        assert body.endswith(packet.payload)
