"""Packets inside packets: the innermost comes out, with its own addresses, VLAN and cards."""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import MAX_DEPTH, Datagram, Dissector
from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.frame import Frame
from support.encapsulations import (
    MACS,
    between,
    cooked_2,
    erspan_1,
    erspan_2,
    erspan_3,
    gre,
    hp_mirror,
    mpls,
    vxlan,
)
from support.frames import (
    ethernet,
    fragments_v4,
    fragments_v6,
    ipv4,
    ipv6,
    make_options,
    tcp,
    udp,
)

SIP = make_options()
HOSTS = ("10.0.0.1", "10.0.0.2")
HOSTS6 = ("fd00::1", "fd00::2")
INNER = ipv4(udp(SIP), hosts=HOSTS)
INNER6 = ipv6(udp(SIP), hosts=HOSTS6)
OUTER_MACS = bytes.fromhex("020000000002 020000000001")
IP_IN_IP, IPV6_IN_IP, GRE = 4, 41, 47


def on_the_wire(packet: bytes) -> bytes:
    """A frame between the cards of a tunnel's ends, in a VLAN of theirs."""
    return between(ethernet(packet, tags=[(0x8100, 9)]), OUTER_MACS)


def inside(packet: bytes, *vlans: int) -> bytes:
    """A frame in a tunnel."""
    return between(ethernet(packet, tags=[(0x8100, vlan) for vlan in vlans]))


def in_udp(content: bytes, port: int) -> bytes:
    """A frame whose datagram to this port is a tunnel's."""
    return on_the_wire(ipv4(udp(content, ports=(40_000, port))))


def dissected(*frames: bytes, link_type: int = 1, wire_lengths: int = 0) -> list[Datagram]:
    """What comes out of frames in a row."""
    dissector = Dissector()
    found = [
        dissector.dissect(Frame(at, link_type, frame, len(frame) + wire_lengths))
        for at, frame in enumerate(frames)
    ]
    return [one for one in found if one is not None]


# Of each the packet, whether it has an Ethernet frame of its own inside, and its VLAN.
TUNNELS = {
    "IP in IP": (on_the_wire(ipv4(INNER, protocol=IP_IN_IP)), False, 9),
    "6in4": (on_the_wire(ipv4(INNER6, protocol=IPV6_IN_IP)), False, 9),
    "4in6": (on_the_wire(ipv6(INNER, following=IP_IN_IP)), False, 9),
    "6in6": (on_the_wire(ipv6(INNER6, following=IPV6_IN_IP)), False, 9),
    "GRE": (on_the_wire(ipv4(gre(INNER), protocol=GRE)), False, 9),
    "GRE with all its fields": (
        on_the_wire(ipv4(gre(INNER6, checksum=True, key=1, sequence=2), protocol=GRE)),
        False,
        9,
    ),
    "GRE over IPv6": (on_the_wire(ipv6(gre(INNER), following=GRE)), False, 9),
    "GRE with labels": (on_the_wire(ipv4(gre(mpls(INNER, 2), 0x8847), protocol=GRE)), False, 9),
    "GRE with Ethernet": (on_the_wire(ipv4(gre(inside(INNER), 0x6558), protocol=GRE)), True, 0),
    "GRE with Ethernet in a VLAN": (
        on_the_wire(ipv4(gre(inside(INNER6, 42), 0x6558, key=7), protocol=GRE)),
        True,
        42,
    ),
    "ERSPAN I": (on_the_wire(ipv4(erspan_1(inside(INNER)), protocol=GRE)), True, 0),
    "ERSPAN II": (on_the_wire(ipv4(erspan_2(inside(INNER)), protocol=GRE)), True, 0),
    "ERSPAN II that tells a VLAN": (
        on_the_wire(ipv4(erspan_2(inside(INNER), vlan=33), protocol=GRE)),
        True,
        33,
    ),
    "ERSPAN II with a tag": (
        on_the_wire(ipv4(erspan_2(inside(INNER, 34), vlan=33), protocol=GRE)),
        True,
        34,
    ),
    "ERSPAN III": (on_the_wire(ipv4(erspan_3(inside(INNER)), protocol=GRE)), True, 0),
    "ERSPAN III with more": (
        on_the_wire(ipv4(erspan_3(inside(INNER6), vlan=35, more=True), protocol=GRE)),
        True,
        35,
    ),
    "VXLAN": (in_udp(vxlan(inside(INNER)), 4789), True, 0),
    "VXLAN of Linux": (in_udp(vxlan(inside(INNER, 50)), 8472), True, 50),
    "VXLAN with a group": (in_udp(vxlan(inside(INNER), flags=0x88), 4789), True, 0),
    "VXLAN over IPv6": (
        on_the_wire(ipv6(udp(vxlan(inside(INNER6)), ports=(1, 4789)))),
        True,
        0,
    ),
    "HP's mirror": (in_udp(hp_mirror(inside(INNER)), 7932), True, 0),
    "ERSPAN in VXLAN": (
        in_udp(vxlan(inside(ipv4(erspan_2(inside(INNER, 8)), protocol=GRE))), 4789),
        True,
        8,
    ),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_the_innermost_packet_comes_out(name: str) -> None:
    """Its payload and addresses, and once; not those of the tunnel's ends."""
    frame, has_ethernet, vlan = TUNNELS[name]
    (found,) = dissected(frame)
    hosts = HOSTS if len(found.source) == 4 else HOSTS6
    assert found == Datagram(
        0,
        17,
        ip_address(hosts[0]).packed,
        5060,
        ip_address(hosts[1]).packed,
        5070,
        SIP,
        vlan=vlan,
        macs=MACS if has_ethernet else OUTER_MACS,
    )


def test_type_of_service_is_of_the_innermost() -> None:
    """Of either IP version, on the usual way and on the other."""
    marked = bytes((INNER[0], 0x68)) + INNER[2:]
    marked6 = bytes((0x60 | 0xB8 >> 4, (0xB8 & 15) << 4)) + INNER6[2:]
    with_options = ipv4(udp(SIP), options=bytes(4))
    odd = bytes((with_options[0], 0x20)) + with_options[2:]
    frames = [ethernet(marked), ethernet(marked6), ethernet(odd)]
    frames += [ethernet(ipv4(gre(one), protocol=GRE)) for one in (marked, marked6)]
    assert [one.tos for one in dissected(*frames)] == [0x68, 0xB8, 0x20, 0x68, 0xB8]
    pieces = [bytes((one[0], 0x10)) + one[2:] for one in fragments_v4(udp(SIP), 80)]
    assert [one.tos for one in dissected(*map(ethernet, pieces))] == [0x10]


def test_cards() -> None:
    """The loopback's zeros and what has no Ethernet head tell nothing."""
    assert dissected(inside(INNER))[0].macs == MACS
    assert dissected(ethernet(INNER))[0].macs == b""
    assert dissected(cooked_2(INNER), link_type=276)[0].macs == b""
    assert dissected(INNER, link_type=101)[0].macs == b""


@pytest.mark.parametrize("host_bits", [4, 6])
def test_fragments_inside_and_outside(host_bits: int) -> None:
    """Pieces in tunnels, pieces of tunnels, and pieces of tunnels with pieces in them."""
    large = udp(SIP + b"x" * 3000)
    cut: Callable[[bytes, int], list[bytes]] = fragments_v4 if host_bits == 4 else fragments_v6
    pieces = [vxlan(inside(piece)) for piece in cut(large, 800)]
    whole = vxlan(inside(ipv4(large)))
    within = [in_udp(piece, 4789) for piece in pieces]
    around = [ethernet(piece) for piece in cut(udp(whole, ports=(1, 4789)), 1200)]
    both = [
        ethernet(outer)
        for number, piece in enumerate(pieces)
        for outer in fragments_v4(udp(piece, ports=(1, 4789)), 400, identity=number)
    ]
    for frames in (within, around, both, both[::-1]):
        (found,) = dissected(*frames)
        assert found.payload == large[8:]
        assert found.time_us == len(frames) - 1


def test_fragments_of_different_networks_are_told_apart() -> None:
    """Customers of one carrier use the same addresses."""
    first, last = fragments_v4(udp(SIP), 128)
    mixed = [
        in_udp(vxlan(inside(first), number=1), 4789),
        in_udp(vxlan(inside(last), number=2), 4789),
    ]
    assert dissected(*mixed) == []
    assert len(dissected(*mixed, in_udp(vxlan(inside(first), number=2), 4789))) == 1


def test_what_only_looks_like_a_tunnel() -> None:
    """A message to a tunnel's port is a message."""
    for port in (4789, 8472, 7932):
        (found,) = dissected(in_udp(SIP, port))
        assert (found.payload, found.destination_port) == (SIP, port)
    assert dissected(in_udp(b"", 4789))[0].payload == b""


def test_tcp_in_a_tunnel() -> None:
    """With what reassembly needs."""
    segment = ipv4(tcp(SIP), protocol=6, hosts=HOSTS)
    (found,) = dissected(in_udp(vxlan(inside(segment)), 4789))
    assert (found.protocol, found.payload) == (6, SIP)
    assert (found.sequence, found.acknowledgement, found.flags) == (1, 1, 0x18)


def test_a_cut_tunnel() -> None:
    """The message in it is kept as far as it goes, and marked."""
    for name in ("GRE", "VXLAN", "6in4", "ERSPAN II"):
        (found,) = dissected(TUNNELS[name][0][:-20], wire_lengths=20)
        assert (found.payload, found.is_cut) == (SIP[:-20], True)


def test_a_cut_packet_that_states_no_length() -> None:
    """Only the capture knows that it is longer."""
    packet = ethernet(ipv4(tcp(SIP), protocol=6, total=0))
    assert not dissected(packet)[0].is_cut
    assert dissected(packet, wire_lengths=1)[0].is_cut


REFUSED = {
    "VXLAN with ARP": (in_udp(vxlan(between(ethernet(b"", kind=0x0806))), 4789), Reason.NOT_IP),
    "VXLAN with half a frame": (in_udp(vxlan(bytes(13)), 4789), Reason.TRUNCATED),
    "HP's mirror of nothing": (in_udp(hp_mirror(b""), 7932), Reason.TRUNCATED),
    "half a GRE head": (on_the_wire(ipv4(b"\0\0\x08", protocol=GRE)), Reason.TRUNCATED),
    "GRE without its key": (
        on_the_wire(ipv4(gre(b"", 0x0800, flags=0x2000), protocol=GRE)),
        Reason.TRUNCATED,
    ),
    "PPTP": (on_the_wire(ipv4(gre(INNER, 0x880B, flags=1), protocol=GRE)), Reason.OTHER_TUNNEL),
    "GRE with a route": (
        on_the_wire(ipv4(gre(INNER, flags=0x4000), protocol=GRE)),
        Reason.OTHER_TUNNEL,
    ),
    "GRE with a spanning tree": (on_the_wire(ipv4(gre(b"", 0x26), protocol=GRE)), Reason.NOT_IP),
    "ERSPAN of the future": (
        on_the_wire(ipv4(gre(bytes(40), 0x88BE, sequence=1), protocol=GRE)),
        Reason.OTHER_TUNNEL,
    ),
    "ERSPAN III without Ethernet": (
        on_the_wire(ipv4(erspan_3(INNER, kind=2), protocol=GRE)),
        Reason.OTHER_TUNNEL,
    ),
    "ERSPAN III, cut": (
        on_the_wire(ipv4(erspan_3(b"")[:20], protocol=GRE)),
        Reason.TRUNCATED,
    ),
    "ESP": (on_the_wire(ipv4(bytes(40), protocol=50)), Reason.OTHER_TRANSPORT),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    """Each says why."""
    frame, reason = REFUSED[name]
    with pytest.raises(FrameError) as refused:
        dissected(frame)
    assert refused.value.reason is reason


def nested(depth: int) -> bytes:
    """A message in so many packets."""
    packet = INNER
    for _ in range(depth - 1):
        packet = ipv4(packet, protocol=IP_IN_IP)
    return packet


def test_depth_is_bounded() -> None:
    """Deeper than any network a frame is refused."""
    assert dissected(ethernet(nested(MAX_DEPTH)))[0].payload == SIP
    with pytest.raises(FrameError) as refused:
        dissected(ethernet(nested(MAX_DEPTH + 1)))
    assert refused.value.reason is Reason.TOO_DEEP


LAYERS = st.sampled_from(
    [
        lambda packet: ipv4(packet, protocol=IP_IN_IP),
        lambda packet: ipv4(packet, protocol=IPV6_IN_IP),
        lambda packet: ipv6(packet, following=IP_IN_IP),
        lambda packet: ipv4(gre(packet), protocol=GRE),
        lambda packet: ipv4(gre(inside(packet), 0x6558), protocol=GRE),
        lambda packet: ipv4(erspan_2(inside(packet)), protocol=GRE),
        lambda packet: ipv4(erspan_3(inside(packet), more=True), protocol=GRE),
        lambda packet: ipv6(udp(vxlan(inside(packet)), ports=(1, 4789))),
        lambda packet: ipv4(udp(hp_mirror(inside(packet)), ports=(1, 7932))),
    ]
)


@given(st.lists(LAYERS, max_size=MAX_DEPTH - 1))
def test_any_tunnels_in_each_other(layers: list[Callable[[bytes], bytes]]) -> None:
    """Whatever their order, the message is found."""
    packet = INNER
    for wrap in layers:
        packet = wrap(packet)
    (found,) = dissected(inside(packet))
    assert (found.payload, found.source) == (SIP, ip_address(HOSTS[0]).packed)


@given(
    st.lists(LAYERS, max_size=4),
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=4),
    st.integers(0, 400),
)
@settings(max_examples=300, deadline=None)
def test_damaged_tunnels_give_payload_within_them_or_refusals(
    layers: list[Callable[[bytes], bytes]], damage: list[tuple[int, bytes]], size: int
) -> None:
    """Whatever the bytes, dissect returns or raises FrameError."""
    packet = INNER
    for wrap in layers:
        packet = wrap(packet)
    data = bytearray(inside(packet))
    for at, value in damage:
        data[at : at + len(value)] = value
    frame = bytes(data[: size or None])
    with suppress(FrameError):
        for found in dissected(frame):
            assert found.payload in frame


def outcome(frame: bytes) -> Datagram | Reason | None:
    """What comes of one frame."""
    try:
        return Dissector().dissect(Frame(0, 1, frame, len(frame)))
    except FrameError as refusal:
        return refusal.reason


@given(
    st.sampled_from((INNER, INNER6, ipv4(tcp(SIP), protocol=6), fragments_v4(udp(SIP), 80)[0])),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 90), st.binary(min_size=1, max_size=4)), max_size=3),
    st.integers(0, 60),
    st.binary(max_size=9),
)
@settings(max_examples=500, deadline=None)
def test_the_usual_vxlan_is_read_as_the_others(
    packet: bytes, is_tagged: bool, damage: list[tuple[int, bytes]], cut: int, padding: bytes
) -> None:
    """Options in the tunnel's own head make it an unusual one, and change nothing else."""
    carried = bytearray(udp(vxlan(inside(packet, *[6] * is_tagged)), ports=(1, 4789)))
    for at, value in damage:
        carried[at : at + len(value)] = value
    carried = carried[: len(carried) - cut]
    usual = on_the_wire(ipv4(bytes(carried)) + padding)
    unusual = on_the_wire(ipv4(bytes(carried), options=bytes(4)) + padding)
    assert outcome(usual) == outcome(unusual)
