"""Link layers: where IP starts, in which VLAN, and what is refused."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.link import LINK_TYPES, Link, decode_link
from support.frames import ethernet, ipv4, ipv6, udp

V4, V6 = ipv4(udp(b"x")), ipv6(udp(b"x"))


def label(*, is_last: bool) -> bytes:
    """An MPLS label."""
    return struct.pack("!I", 0x00010040 | (0x100 if is_last else 0))


PPPOE = b"\x11\x00\x00\x01\x00\x20"
SNAP = b"\xaa\xaa\x03\x00\x00\x00\x08\x00"

ACCEPTED = {
    "ethernet": (1, ethernet(V4), 14, 0),
    "ethernet with IPv6": (1, ethernet(V6), 14, 0),
    "802.1Q": (1, ethernet(V4, tags=[(0x8100, 100)]), 18, 100),
    "QinQ": (1, ethernet(V4, tags=[(0x88A8, 7), (0x8100, 100)]), 22, 100),
    "a priority tag in a VLAN": (1, ethernet(V4, tags=[(0x8100, 7), (0x8100, 0)]), 22, 7),
    "old QinQ, three deep": (1, ethernet(V6, tags=[(0x9100, 1), (0x9200, 2), (0x8100, 3)]), 26, 3),
    "MPLS": (1, ethernet(label(is_last=True) + V4, kind=0x8847), 18, 0),
    "MPLS of two labels": (
        1,
        ethernet(label(is_last=False) + label(is_last=True) + V6, kind=0x8847),
        22,
        0,
    ),
    "PPPoE": (1, ethernet(PPPOE + b"\x00\x21" + V4, kind=0x8864), 22, 0),
    "PPPoE in a VLAN": (
        1,
        ethernet(PPPOE + b"\x00\x57" + V6, kind=0x8864, tags=[(0x8100, 5)]),
        26,
        5,
    ),
    "802.3 with SNAP": (1, bytes(12) + b"\x00\x40" + SNAP + V4, 22, 0),
    "Linux cooked": (113, bytes(14) + b"\x08\x00" + V4, 16, 0),
    "Linux cooked with a tag": (113, bytes(14) + b"\x81\x00\x00\x09\x86\xdd" + V6, 20, 9),
    "Linux cooked 2": (276, b"\x08\x00" + bytes(18) + V4, 20, 0),
    "Linux cooked 2 with a tag": (276, b"\x81\x00" + bytes(18) + b"\x00\x09\x08\x00" + V4, 24, 9),
    "raw IP": (101, V4, 0, 0),
    "raw IP of BSD": (12, V6, 0, 0),
    "raw IP of OpenBSD": (14, V4, 0, 0),
    "IPv4": (228, V4, 0, 0),
    "IPv6": (229, V6, 0, 0),
    "loopback, little-endian": (0, b"\x02\0\0\0" + V4, 4, 0),
    "loopback, big-endian": (0, b"\0\0\0\x02" + V4, 4, 0),
    "loopback of macOS": (0, b"\x1e\0\0\0" + V6, 4, 0),
    "loopback of FreeBSD": (0, b"\0\0\0\x1c" + V6, 4, 0),
    "loopback of OpenBSD": (108, b"\0\0\0\x18" + V6, 4, 0),
    "PPP": (9, b"\xff\x03\x00\x21" + V4, 4, 0),
    "PPP without address": (9, b"\x00\x57" + V6, 2, 0),
    "PPP with a short protocol": (50, b"\xff\x03\x21" + V4, 3, 0),
    "PPPoE without Ethernet": (51, PPPOE + b"\x00\x21" + V4, 8, 0),
    "Cisco HDLC": (104, b"\x0f\x00\x08\x00" + V4, 4, 0),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_ip_is_found(case: str) -> None:
    """Each link layer leads to the IP packet, and says the innermost VLAN."""
    link_type, frame, offset, vlan = ACCEPTED[case]
    assert decode_link(link_type, frame) == Link(offset, vlan)


REFUSED = {
    "a link type without a decoder": (105, V4, Reason.UNSUPPORTED_LINK, 0),
    "ARP": (1, ethernet(b"\0\1", kind=0x0806), Reason.NOT_IP, 14),
    "spanning tree": (1, ethernet(b"\x42\x42\x03", kind=0x26), Reason.NOT_IP, 14),
    "PPPoE discovery": (1, ethernet(PPPOE, kind=0x8863), Reason.NOT_IP, 14),
    "PPP control": (9, b"\xff\x03\xc0\x21\x01", Reason.NOT_IP, 4),
    "MPLS over something else": (
        1,
        ethernet(label(is_last=True) + b"\0\0\0\0", kind=0x8847),
        Reason.NOT_IP,
        18,
    ),
    "MPLS over nothing": (1, ethernet(label(is_last=True), kind=0x8847), Reason.TRUNCATED, 18),
    "labels without end": (
        1,
        ethernet(label(is_last=False) * 40, kind=0x8847),
        Reason.TOO_DEEP,
        78,
    ),
    "tags without end": (1, ethernet(V4, tags=[(0x8100, 1)] * 40), Reason.TOO_DEEP, 78),
    "a frame cut in its head": (1, bytes(13), Reason.TRUNCATED, 13),
    "a frame cut in its tag": (1, ethernet(V4, tags=[(0x8100, 1)])[:15], Reason.TRUNCATED, 15),
    "cooked, cut": (113, bytes(15), Reason.TRUNCATED, 15),
    "cooked 2, cut": (276, b"\x08\x00" + bytes(10), Reason.TRUNCATED, 12),
    "a loopback of another family": (0, b"\x07\0\0\0" + V4, Reason.NOT_IP, 0),
    "a loopback that is cut": (0, b"\x02\0", Reason.TRUNCATED, 2),
    "raw IP of no version": (101, b"\x00" + V4, Reason.NOT_IP, 0),
    "raw IP of nothing": (101, b"", Reason.TRUNCATED, 0),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_names_reason_and_offset(case: str) -> None:
    """A refused frame says why and where."""
    link_type, frame, reason, offset = REFUSED[case]
    with pytest.raises(FrameError) as refused:
        decode_link(link_type, frame)
    assert (refused.value.reason, refused.value.offset) == (reason, offset)


@given(st.sampled_from(sorted(LINK_TYPES)), st.binary(max_size=80))
def test_any_bytes_give_a_place_in_the_frame_or_a_refusal(link_type: int, data: bytes) -> None:
    """Whatever the frame, decode_link returns or raises FrameError."""
    with suppress(FrameError):
        assert 0 <= decode_link(link_type, data).vlan < 4096


STACK = st.lists(
    st.sampled_from([b"\x81\x00\x00\x01", b"\x88\x47\x00\x01", b"\x88\x64\x11\x00", b"\x08\x00"]),
    max_size=30,
)


@given(STACK, st.binary(max_size=8))
def test_any_stack_of_tags_ends(stack: list[bytes], rest: bytes) -> None:
    """Nesting is bounded."""
    with suppress(FrameError):
        assert decode_link(1, bytes(12) + b"".join(stack) + rest).offset >= 14
