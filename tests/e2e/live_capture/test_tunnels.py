"""Live capture of what comes in tunnels and over SCTP: the messages inside, and no media."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from support.encapsulations import (
    MACS,
    between,
    data,
    erspan_2,
    erspan_3,
    gre,
    hp_mirror,
    mpls,
    pieces,
    pppoe,
    sctp,
    tagged,
    vxlan,
)
from support.frames import ethernet, fragments_v4, ipv4, ipv6, make_options, udp
from support.live_capture import AckingSink
from support.live_wire import capturing, send_frames, vlans
from support.namespaces import Namespace
from support.service import until

INSIDE = ("10.99.0.1", "10.99.0.2")
INSIDE6 = ("fd99::1", "fd99::2")
RTP = udp(b"\x80\x08" + bytes(160), ports=(20_000, 30_000))
SOURCE_MAC, DESTINATION_MAC = 0x14, 0x15

TUNNELS: dict[str, Callable[[bytes], bytes]] = {
    "ip in ip": lambda packet: ipv4(packet, protocol=41 if packet[0] >= 0x60 else 4),
    "gre": lambda packet: ipv6(gre(packet, key=1), following=47),
    "gre with Ethernet": lambda packet: ipv4(gre(tagged(packet, 30), 0x6558), protocol=47),
    "gre with a label": lambda packet: ipv4(gre(mpls(packet), 0x8847), protocol=47),
    "erspan 2": lambda packet: ipv4(erspan_2(tagged(packet, 30)), protocol=47),
    "erspan 3": lambda packet: ipv4(erspan_3(tagged(packet, 30), more=True), protocol=47),
    "vxlan": lambda packet: ipv4(udp(vxlan(tagged(packet, 30)), ports=(9, 4789))),
    "vxlan of Linux": lambda packet: ipv6(udp(vxlan(tagged(packet, 30)), ports=(9, 8472))),
    "HP's mirror": lambda packet: ipv4(udp(hp_mirror(tagged(packet, 30)), ports=(9, 7932))),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_messages_in_tunnels_and_no_media(
    wire: tuple[Namespace, Namespace], sink: AckingSink, name: str
) -> None:
    """Both IP versions, whole and in fragments; of media in the tunnel the kernel lets none in."""
    alice, bob = wire
    wrap = TUNNELS[name]
    small = [make_options(f"call-{number}") for number in range(10)]
    large = make_options("large")[:-2] + b"X-Long: " + b"y" * 2500 + b"\r\n\r\n"
    packets = [ipv4(udp(one), hosts=INSIDE) for one in small[:5]]
    packets += [ipv6(udp(one), hosts=INSIDE6) for one in small[5:]]
    packets += fragments_v4(udp(large), 1000)
    media = [ipv4(RTP, hosts=INSIDE), ipv6(RTP, hosts=INSIDE6)]
    frames = [frame_of(wrap(one)) for packet in packets for one in (*media, packet, *media)]
    with capturing(bob, sink) as capture:
        send_frames(alice, frames)
        sink.wait_for(11)
        assert capture.metric("frames_total") == len(packets)
    assert sink.payloads == [*small, large]
    hosts = [
        (str(ip_address(one.source)), str(ip_address(one.destination))) for one in sink.packets
    ]
    assert hosts[:10] == [INSIDE] * 5 + [INSIDE6] * 5
    if MACS in wrap(packets[0]):
        assert {vlans(one) for one in sink.packets} == {(30,)}
        chunks = [{kind: value for _, kind, value in one.extra} for one in sink.packets]
        assert {one[SOURCE_MAC][-6:] for one in chunks} == {MACS[6:]}
        assert {one[DESTINATION_MAC][-6:] for one in chunks} == {MACS[:6]}


def frame_of(packet: bytes) -> bytes:
    """A frame between the ends of the tunnel."""
    return between(ethernet(packet), bytes.fromhex("020000000002 020000000001"))


def test_sctp(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Bundled, joined from several chunks, and once when it is sent again; of its ports only."""
    alice, bob = wire
    small = [make_options(f"call-{number}") for number in range(4)]
    large = make_options("large")[:-2] + b"X-Long: " + b"y" * 2500 + b"\r\n\r\n"
    bundles = [[data(small[0], 1), data(small[1], 2)], [data(small[2], 3)], [data(small[2], 3)]]
    bundles += [[one] for one in pieces(large, 1000, 4)] + [[data(small[3], 7)]]
    others = sctp([data(small[0], 1)], ports=(2905, 2905))
    frames = [frame_of(ipv4(sctp(one), protocol=132)) for one in bundles]
    with capturing(bob, sink) as capture:
        send_frames(alice, [frame_of(ipv4(others, protocol=132)), *frames])
        sink.wait_for(5)
        assert capture.metric("frames_total") == len(bundles)
    assert sink.payloads == [*small[:3], large, small[3]]
    assert {one.ip_protocol for one in sink.packets} == {132}


def test_labels_and_sessions(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """MPLS and PPPoE need no expression."""
    alice, bob = wire
    packets = [ipv4(udp(make_options(f"call-{number}"))) for number in range(2)]
    media = ipv4(RTP)
    frames = [
        between(ethernet(mpls(packets[0], 2), kind=0x8847)),
        between(ethernet(mpls(media, 2), kind=0x8847)),
        between(ethernet(pppoe(packets[1]), kind=0x8864)),
        between(ethernet(pppoe(media), kind=0x8864)),
    ]
    with capturing(bob, sink) as capture:
        send_frames(alice, frames)
        sink.wait_for(2)
        until(lambda: capture.metric("frames_total") == 2, "the frames to be counted")
    assert sink.payloads == [make_options("call-0"), make_options("call-1")]
