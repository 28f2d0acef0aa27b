"""The filter of our own making: what gets in and what does not."""

import random
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Dissector
from hepscope_capture.decode.errors import FrameError
from hepscope_capture.frame import Frame
from hepscope_capture.live.bpf import ProgramTooLongError
from hepscope_capture.live.filter import (
    DEFAULT_PORTS,
    NOTHING,
    FilterPlan,
    Server,
    filter_of,
    ranges,
)
from hepscope_capture.mirror.sample import is_sampled
from support.encapsulations import (
    erspan_1,
    erspan_2,
    erspan_3,
    gre,
    hp_mirror,
    mpls,
    pppoe,
    sctp,
    vxlan,
)
from support.frames import (
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
from support.rtp_packets import rtp
from unit.capture.live.bpf_machine import run

SNAP = 262_144
PROGRAM = filter_of(FilterPlan(snap_bytes=SNAP))
SIP = udp(make_options())
RTP = udp(b"\x80\x08" + bytes(170), ports=(20_000, 30_000))
HOP_BY_HOP = bytes((17, 0)) + bytes(6)
REPORT = bytes((58, 0)) + bytes(6) + bytes(20)

REPORT_RTCP = bytes.fromhex("80c80006") + bytes(24)

WANTED = {
    "udp": ethernet(ipv4(SIP)),
    "to a port": ethernet(ipv4(udp(b"x" * 20, ports=(40_000, 5090)))),
    "from a port": ethernet(ipv4(udp(b"x" * 20, ports=(5060, 40_000)))),
    "empty": ethernet(ipv4(udp(b""))),
    "tcp": ethernet(ipv4(tcp(b""), protocol=6)),
    "with IP options": ethernet(ipv4(SIP, options=bytes(8))),
    "ipv6": ethernet(ipv6(SIP)),
    "ipv6 tcp": ethernet(ipv6(tcp(b""), following=6)),
    "ipv6 with options": ethernet(ipv6(HOP_BY_HOP + SIP, following=0)),
    "tag": ethernet(ipv4(SIP), kind=0x0800, tags=((0x8100, 5),)),
    "two tags": ethernet(ipv6(SIP), kind=0x86DD, tags=((0x88A8, 5), (0x8100, 6))),
    "sctp": ethernet(ipv4(sctp([]), protocol=132)),
    "ipv6 sctp": ethernet(ipv6(sctp([]), following=132)),
    "a label": ethernet(mpls(ipv4(SIP)), kind=0x8847),
    "four labels": ethernet(mpls(ipv6(SIP), 4), kind=0x8848),
    "a label in a tag": ethernet(mpls(ipv4(SIP)), kind=0x8847, tags=((0x8100, 5),)),
    "a session": ethernet(pppoe(ipv4(SIP)), kind=0x8864),
    "ipv6 in a session": ethernet(pppoe(ipv6(SIP)), kind=0x8864),
}
UNWANTED = {
    "media": ethernet(ipv4(RTP)),
    "ipv6 media": ethernet(ipv6(RTP)),
    "just below": ethernet(ipv4(udp(b"x" * 20, ports=(5059, 5091)))),
    "icmp": ethernet(ipv4(bytes(40), protocol=1)),
    "fragment of icmp": ethernet(ipv4(bytes(40), protocol=1, offset=80)),
    "arp": ethernet(bytes(28), kind=0x0806),
    "multicast report": ethernet(ipv6(REPORT, following=0)),
    "icmp of ipv6": ethernet(ipv6(bytes(20), following=58)),
    "fragment of icmp of ipv6": ethernet(
        ipv6(ipv6_fragment(bytes(16), following=58, offset=8), following=44)
    ),
    "three tags": ethernet(ipv4(SIP), kind=0x0800, tags=((0x88A8, 5), (0x8100, 6), (0x8100, 7))),
    "first fragment of media": ethernet(fragments_v4(RTP, 80)[0]),
    "first fragment of ipv6 media": ethernet(fragments_v6(RTP, 80)[0]),
    "media behind a label": ethernet(mpls(ipv4(RTP)), kind=0x8847),
    "five labels": ethernet(mpls(ipv4(SIP), 5), kind=0x8847),
    "Ethernet behind a label": ethernet(mpls(bytes(60)), kind=0x8847),
    "media in a session": ethernet(pppoe(ipv6(RTP)), kind=0x8864),
    "control of a session": ethernet(b"\x11\0\0\1\0\x10\xc0\x21" + bytes(14), kind=0x8864),
    "sctp of others": ethernet(ipv4(sctp([], ports=(2905, 2905)), protocol=132)),
    "report of media": ethernet(ipv4(udp(REPORT_RTCP, ports=(20_001, 30_001)))),
    "a tunnel": ethernet(ipv4(gre(ipv4(SIP)), protocol=47)),
    "ip in ip": ethernet(ipv4(ipv4(SIP), protocol=4)),
    "vxlan": ethernet(ipv4(udp(vxlan(ethernet(ipv4(SIP))), ports=(1, 4789)))),
    "nothing": b"",
    "a head cut": ethernet(ipv4(SIP))[:33],
}


@pytest.mark.parametrize("name", WANTED)
def test_lets_in(name: str) -> None:
    """As much as the snap length says."""
    assert run(PROGRAM, WANTED[name]) == SNAP


@pytest.mark.parametrize("name", UNWANTED)
def test_keeps_out(name: str) -> None:
    """What is not asked for costs nothing."""
    assert run(PROGRAM, UNWANTED[name]) == 0


@pytest.mark.parametrize("make", [fragments_v4, fragments_v6])
def test_fragments(make: type) -> None:
    """The first by its ports, later ones always."""
    assert [run(PROGRAM, ethernet(piece)) for piece in make(SIP, 80)] == [SNAP] * 3
    later = [run(PROGRAM, ethernet(piece)) for piece in make(RTP, 80)]
    assert later == [0, SNAP, SNAP]


@pytest.mark.parametrize(("packet", "protocol"), [(ipv4(SIP), 0x0800), (ipv6(SIP), 0x86DD)])
def test_bare_packets(packet: bytes, protocol: int) -> None:
    """Without a link layer the kernel says where the packet is and what it is."""
    for network_at in (0, 20):
        data = bytes(network_at) + packet
        place = {"device": 65534, "network_at": network_at}
        assert run(PROGRAM, data, protocol=protocol, **place) == SNAP
        assert run(PROGRAM, data, protocol=0x0806, **place) == 0


def test_the_loopback_once() -> None:
    """Its packets are taken as they come in, on another device also as they go out."""
    packet = ethernet(ipv4(SIP))
    assert run(PROGRAM, packet, device=772, packet_type=0) == SNAP
    assert run(PROGRAM, packet, device=772, packet_type=4) == 0
    assert run(PROGRAM, packet, device=1, packet_type=4) == SNAP


SERVER = Server(frozenset(map(ip_address, ("192.0.2.9", "2001:db8::9", "192.0.2.10"))), 5061)


@pytest.mark.parametrize(
    ("hosts", "ports", "is_wanted"),
    [
        (("192.0.2.1", "192.0.2.9"), (40_000, 5061), False),
        (("192.0.2.10", "192.0.2.1"), (5061, 40_000), False),
        (("2001:db8::1", "2001:db8::9"), (40_000, 5061), False),
        (("2001:db8::9", "2001:db8::1"), (5061, 40_000), False),
        (("192.0.2.1", "192.0.2.9"), (40_000, 5060), True),
        (("192.0.2.1", "192.0.2.8"), (40_000, 5061), True),
        (("192.0.2.9", "192.0.2.1"), (5060, 5061), True),
        (("2001:db8::1", "2001:db8::8"), (40_000, 5061), True),
        (("2001:db8::9", "2001:db8::1"), (5060, 5061), True),
    ],
)
def test_our_own_packets(
    hosts: tuple[str, str], ports: tuple[int, int], *, is_wanted: bool
) -> None:
    """What goes to the server, or comes from it, is not captured; all else of it is."""
    program = filter_of(FilterPlan(servers=(SERVER,), snap_bytes=SNAP))
    make = ipv6 if ":" in hosts[0] else ipv4
    assert run(program, ethernet(make(udp(b"x" * 20, ports=ports), hosts=hosts))) == (
        SNAP if is_wanted else 0
    )


def test_a_server_at_another_port_costs_no_instruction() -> None:
    """It is not among the ports, so it is out anyway."""
    elsewhere = Server(SERVER.addresses, 9060)
    assert filter_of(FilterPlan(servers=(elsewhere,), snap_bytes=SNAP)) == PROGRAM


def test_several_servers() -> None:
    """Each at its own port; addresses of servers at one port count together."""
    nine, ten, far = map(ip_address, ("192.0.2.9", "192.0.2.10", "2001:db8::9"))
    servers = (
        Server(frozenset((nine,)), 5060),
        Server(frozenset((ten,)), 5061),
        Server(frozenset((far, ten)), 5060),
        Server(frozenset((ten,)), 9060),
    )
    program = filter_of(FilterPlan(servers=servers, snap_bytes=SNAP))

    def taken(destination: str, port: int) -> bool:
        make, source = (ipv6, "fd00::1") if ":" in destination else (ipv4, "10.0.0.1")
        packet = make(udp(b"x" * 20, ports=(40_000, port)), hosts=(source, destination))
        return run(program, ethernet(packet)) == SNAP

    assert not any(
        taken(*place)
        for place in (
            ("192.0.2.9", 5060),
            ("192.0.2.10", 5061),
            ("192.0.2.10", 5060),
            ("2001:db8::9", 5060),
        )
    )
    assert all(taken(*place) for place in (("192.0.2.9", 5061), ("2001:db8::9", 5061)))


def test_servers_at_too_many_ports() -> None:
    """There are two bits for each port."""
    address = frozenset((ip_address("192.0.2.9"),))
    servers = [Server(address, port) for port in range(5060, 5077)]
    filter_of(FilterPlan(servers=servers[:16]))
    with pytest.raises(ProgramTooLongError):
        filter_of(FilterPlan(servers=servers))


MEDIA = (20_001, 30_000)


@pytest.mark.parametrize("make", [ipv4, ipv6])
def test_reports_among_media(make: Callable[[bytes], bytes]) -> None:
    """By what they look like, on any port; of RTP only types that no RTP has look like it."""
    program = filter_of(FilterPlan(rtcp=True, snap_bytes=SNAP))
    for first in range(256):
        for second in range(256):
            datagram = udp(bytes((first, second)) + bytes(30), ports=MEDIA)
            wanted = first >> 6 == 2 and 192 <= second <= 223
            # Each byte with all others would take minutes.
            if first in (0x40, 0x80, 0x81, 0xA1, 0xC0) or second in (0x08, 0xC8):
                assert run(program, ethernet(make(datagram))) == (SNAP if wanted else 0)


def test_reports_in_odd_places() -> None:
    """Not over TCP, not with a datagram too short for a head; inside tunnels too."""
    program = filter_of(FilterPlan(rtcp=True, tunnels=True, snap_bytes=SNAP))
    report = ipv4(udp(REPORT_RTCP, ports=MEDIA))
    assert run(program, ethernet(report, kind=0x0800, tags=((0x8100, 5),))) == SNAP
    assert run(program, ethernet(ipv4(gre(report), protocol=47))) == SNAP
    assert run(program, ethernet(ipv4(tcp(REPORT_RTCP, ports=MEDIA), protocol=6))) == 0
    assert run(program, ethernet(ipv4(udp(b"", ports=MEDIA)))) == 0
    assert run(program, ethernet(ipv4(udp(b"\x80", ports=MEDIA)))) == 0


@pytest.mark.parametrize("sample", [1, 2, 7, 100, 65_535])
def test_media_of_a_sample(sample: int) -> None:
    """The same pairs of ports that are counted, in tunnels, too; either way of a call."""
    program = filter_of(FilterPlan(rtp_sample=sample, tunnels=True, snap_bytes=SNAP))
    dice = random.Random(sample)
    pairs = [(dice.randrange(65_536), dice.randrange(65_536)) for _ in range(200)]
    pairs += [(10_000 + 2 * one, 40_000) for one in range(200)]
    for number, (one, other) in enumerate(pairs):
        packet = (ipv4, ipv6)[number % 2](udp(rtp(1, 1), ports=(one, other)))
        wrap = list(TUNNELS.values())[number % len(TUNNELS)]
        back = ipv4(udp(rtp(1, 1), ports=(other, one)))
        wanted = SNAP if is_sampled(one, other, sample) or {one, other} & DEFAULT_PORTS else 0
        assert [run(program, ethernet(one)) for one in (packet, wrap(packet), back)] == [wanted] * 3


@pytest.mark.parametrize("rtcp", [False, True])
def test_media_by_its_form(*, rtcp: bool) -> None:
    """Version 2; of the types that RTCP has, none but as RTCP."""
    program = filter_of(FilterPlan(rtcp=rtcp, rtp_sample=1, snap_bytes=SNAP))
    for first in (0x00, 0x40, 0x7F, 0x80, 0x90, 0xBF, 0xC0):
        for second in range(256):
            datagram = udp(bytes((first, second)) + bytes(30), ports=MEDIA)
            is_rtp = first >> 6 == 2 and not 64 <= second & 0x7F < 96
            is_rtcp = rtcp and first >> 6 == 2 and 192 <= second <= 223
            wanted = SNAP if is_rtp or is_rtcp else 0
            assert run(program, ethernet(ipv4(datagram))) == wanted
    assert run(program, ethernet(ipv4(tcp(rtp(1, 1), ports=MEDIA), protocol=6))) == 0
    assert run(program, ethernet(ipv4(udp(b"\x80", ports=MEDIA)))) == 0


def test_log_ports() -> None:
    """Syslog is taken where it goes to."""
    program = filter_of(FilterPlan(log_ports=frozenset((514, 1514)), snap_bytes=SNAP))
    for ports, wanted in (((9999, 514), SNAP), ((9999, 1514), SNAP), ((514, 9999), 0)):
        assert run(program, ethernet(ipv4(udp(b"<13>x", ports=ports)))) == wanted
    assert run(program, ethernet(ipv4(tcp(b"<13>x", ports=(9999, 514)), protocol=6))) == 0
    assert run(program, ethernet(ipv4(SIP))) == SNAP


def test_without_sctp() -> None:
    """On request."""
    program = filter_of(FilterPlan(sctp=False, snap_bytes=SNAP))
    assert run(program, WANTED["sctp"]) == 0
    assert run(program, WANTED["udp"]) == SNAP


TUNNELS: dict[str, Callable[[bytes], bytes]] = {
    "ip in ip": lambda packet: ipv4(packet, protocol=4 if packet[0] >> 4 == 4 else 41),
    "ip in ipv6": lambda packet: ipv6(packet, following=4 if packet[0] >> 4 == 4 else 41),
    "gre": lambda packet: ipv4(gre(packet), protocol=47),
    "gre with fields": lambda packet: ipv6(
        gre(packet, checksum=True, key=1, sequence=2), following=47
    ),
    "gre with a key": lambda packet: ipv4(gre(packet, key=1), protocol=47),
    "gre with a label": lambda packet: ipv4(gre(mpls(packet), 0x8847), protocol=47),
    "gre with Ethernet": lambda packet: ipv4(gre(ethernet(packet), 0x6558, key=7), protocol=47),
    "erspan 1": lambda packet: ipv4(erspan_1(ethernet(packet)), protocol=47),
    "erspan 2": lambda packet: ipv4(
        erspan_2(ethernet(packet, tags=((0x8100, 7),))), protocol=47, options=bytes(8)
    ),
    "erspan 3": lambda packet: ipv4(erspan_3(ethernet(packet)), protocol=47),
    "erspan 3 with more": lambda packet: ipv6(erspan_3(ethernet(packet), more=True), following=47),
    "vxlan": lambda packet: ipv4(udp(vxlan(ethernet(packet)), ports=(1, 4789))),
    "vxlan of Linux": lambda packet: ipv6(
        udp(vxlan(ethernet(packet, tags=((0x88A8, 1), (0x8100, 2))), flags=0x88), ports=(1, 8472))
    ),
    "HP's mirror": lambda packet: ipv4(udp(hp_mirror(ethernet(packet)), ports=(1, 7932))),
}
INSIDE = filter_of(FilterPlan(tunnels=True, snap_bytes=SNAP))


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels_are_looked_into(name: str) -> None:
    """As deep as two in each other; what is deeper is taken whole, media too."""
    wrap = TUNNELS[name]
    for make in (ipv4, ipv6):
        assert run(INSIDE, ethernet(wrap(make(SIP)))) == SNAP
        assert run(INSIDE, ethernet(wrap(make(RTP)))) == 0
        for other in TUNNELS.values():
            assert run(INSIDE, ethernet(other(wrap(make(SIP))))) == SNAP
            assert run(INSIDE, ethernet(other(wrap(make(RTP))))) == 0
            assert run(INSIDE, ethernet(wrap(wrap(other(make(RTP)))))) == SNAP


def test_fragments_and_tunnels() -> None:
    """Later pieces of what may be a tunnel's, and later pieces in tunnels."""
    pieces = fragments_v4(SIP, 80)
    wrapped = [TUNNELS["erspan 2"](piece) for piece in pieces]
    assert [run(INSIDE, ethernet(one)) for one in wrapped] == [SNAP] * 3
    for protocol in (4, 41, 47, 132):
        assert run(INSIDE, ethernet(ipv4(bytes(80), protocol=protocol, offset=80))) == SNAP
        body = ipv6_fragment(bytes(80), following=protocol, offset=80)
        assert run(INSIDE, ethernet(ipv6(body, following=44))) == SNAP
    first = ipv6(ipv6_fragment(gre(ipv4(SIP)), following=47, more=True), following=44)
    assert run(INSIDE, ethernet(first)) == SNAP


@pytest.mark.parametrize(
    "odd",
    [
        gre(ipv4(RTP), flags=0x4000),
        gre(ipv4(RTP), 0x880B, flags=1),
        gre(bytes(60), 0x88BE, sequence=1),
        erspan_3(ipv4(RTP), kind=2),
    ],
)
def test_odd_tunnels_are_left_to_the_decoder(odd: bytes) -> None:
    """It counts them."""
    assert run(INSIDE, ethernet(ipv4(odd, protocol=47))) == SNAP


def test_what_only_looks_like_a_tunnel() -> None:
    """Its ports decide, as those of any other datagram."""
    for port in (4789, 8472, 7932):
        assert run(INSIDE, ethernet(ipv4(udp(make_options(), ports=(5060, port))))) == SNAP
        assert run(INSIDE, ethernet(ipv4(udp(make_options(), ports=(9, port))))) == 0


def test_our_own_packets_in_a_tunnel() -> None:
    """A mirror in the cloud shows what we send, too."""
    program = filter_of(FilterPlan(servers=(SERVER,), tunnels=True, snap_bytes=SNAP))
    for wrap in TUNNELS.values():
        ours = ipv4(udp(b"x" * 20, ports=(9, 5061)), hosts=("192.0.2.1", "192.0.2.9"))
        other = ipv4(udp(b"x" * 20, ports=(9, 5061)), hosts=("192.0.2.1", "192.0.2.8"))
        assert run(program, ethernet(wrap(ours))) == 0
        assert run(program, ethernet(wrap(other))) == SNAP


def test_a_tunnel_on_a_device_without_ethernet() -> None:
    """The kernel tells where the outermost packet is."""
    for packet, wanted in ((SIP, SNAP), (RTP, 0)):
        data = bytes(20) + TUNNELS["erspan 2"](ipv4(packet))
        place = {"device": 65534, "network_at": 20, "protocol": 0x0800}
        assert run(INSIDE, data, **place) == wanted


def test_tunnels_are_taken_whole_where_the_program_would_be_too_long() -> None:
    """Hundreds of servers' addresses would be compared at each level."""
    addresses = frozenset(
        ip_address(f"10.0.{high}.{low}") for high in range(2) for low in range(90)
    )
    plan = FilterPlan(servers=(Server(addresses, 5060),), tunnels=True, snap_bytes=SNAP)
    program = filter_of(plan)
    assert run(program, ethernet(TUNNELS["vxlan"](ipv4(SIP)))) == SNAP
    assert run(program, ethernet(TUNNELS["vxlan"](ipv4(RTP)))) == SNAP
    assert run(program, ethernet(ipv4(RTP))) == 0


def test_programs_fit_older_kernels() -> None:
    """Two of them, at 14 bytes an instruction, in the 20 KiB that a socket had for filters."""
    whole = FilterPlan(rtcp=True, tunnels=True, log_ports=frozenset((514,)), rtp_sample=10_000)
    assert len(filter_of(whole)) // 8 * 14 * 2 <= 20 * 1024
    assert run(filter_of(whole), ethernet(TUNNELS["gre"](TUNNELS["vxlan"](ipv4(RTP))))) == 0


@given(st.lists(st.sampled_from(sorted(TUNNELS)), max_size=3), st.booleans(), st.integers(0, 300))
@settings(max_examples=150, deadline=None)
def test_what_the_filter_takes_is_what_the_decoder_finds(
    names: list[str], is_sip: bool, size: int
) -> None:
    """Cut anywhere: a packet that gives a datagram from or to the ports is let in."""
    packet = ipv4(SIP if is_sip else RTP)
    for name in names:
        packet = TUNNELS[name](packet)
    frame = ethernet(packet)[: size or None]
    try:
        found = Dissector().dissect(Frame(0, 1, frame, len(ethernet(packet))))
    except FrameError:
        return
    assert found is not None
    wanted = bool({found.source_port, found.destination_port} & DEFAULT_PORTS)
    assert (run(INSIDE, frame) == SNAP) == wanted or len(names) == 3


def test_any_ports() -> None:
    """Whatever the ports are, exactly they get in; jumps reach over hundreds of instructions."""
    dice = random.Random(3)
    for count in (1, 3, 40, 300):
        ports = frozenset(dice.randrange(65_536) for _ in range(count))
        program = filter_of(FilterPlan(ports, (SERVER,), SNAP))
        tried = {port + step for port in ports for step in (-1, 0, 1)} & set(range(65_536))
        for port in dice.sample(sorted(tried), min(len(tried), 60)):
            frame = ethernet(ipv4(udp(b"x", ports=(port, port))))
            assert run(program, frame) == (SNAP if port in ports else 0)


def test_too_many_ranges() -> None:
    """The kernel's limit is told before the kernel is asked."""
    with pytest.raises(ProgramTooLongError):
        filter_of(FilterPlan(frozenset(range(0, 8000, 2))))


def test_ranges() -> None:
    """Ports that follow each other are one range."""
    assert list(ranges({5062, 5060, 5061, 7000, 0})) == [(0, 0), (5060, 5062), (7000, 7000)]
    assert list(ranges(())) == []


def test_nothing() -> None:
    """At the end nothing more gets in."""
    assert run(NOTHING, ethernet(ipv4(SIP))) == 0
