"""Frames in every wrapping: the SIP messages that come out are those that tshark finds."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from itertools import count
from pathlib import Path

import pytest

from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.decode.sctp import SctpTable
from hepscope_capture.decode.transport import SCTP
from hepscope_capture.frame import Frame
from support.dissected import WrappedMessage, wrapped_sip
from support.encapsulations import (
    between,
    chunk,
    cooked,
    cooked_2,
    data,
    erspan_1,
    erspan_2,
    erspan_3,
    gre,
    hp_mirror,
    i_data,
    mpls,
    pieces,
    pppoe,
    sctp,
    tagged,
    vxlan,
)
from support.frames import (
    ethernet,
    ethertype,
    fragments_v4,
    fragments_v6,
    ipv4,
    ipv6,
    make_options,
    pcap,
    tcp,
    udp,
)

GRE, SCTP_CHUNKS = 47, 132

Wrap = Callable[[bytes], bytes]


def is_v4(packet: bytes) -> bool:
    """Say of which version an IP packet is."""
    return ethertype(packet) == 0x0800


def in_ip(packet: bytes) -> int:
    """The protocol number of a packet in another."""
    return 4 if is_v4(packet) else 41


TUNNELS: dict[str, Wrap] = {
    "ip in ip": lambda packet: ipv4(packet, protocol=in_ip(packet)),
    "ip in ipv6": lambda packet: ipv6(packet, following=in_ip(packet)),
    "gre": lambda packet: ipv4(gre(packet), protocol=GRE),
    "gre over ipv6": lambda packet: ipv6(gre(packet, key=9), following=GRE),
    "gre with fields": lambda packet: ipv4(
        gre(packet, checksum=True, key=1, sequence=2), protocol=GRE
    ),
    "gre with Ethernet": lambda packet: ipv4(
        gre(between(ethernet(packet)), 0x6558, key=3), protocol=GRE
    ),
    "gre with a tag": lambda packet: ipv4(gre(tagged(packet, 5, 6), 0x6558), protocol=GRE),
    "gre with labels": lambda packet: ipv4(gre(mpls(packet, 2), 0x8847), protocol=GRE),
    "erspan 1": lambda packet: ipv4(erspan_1(between(ethernet(packet))), protocol=GRE),
    "erspan 2": lambda packet: ipv4(erspan_2(between(ethernet(packet))), protocol=GRE),
    "erspan 2 with a tag": lambda packet: ipv4(erspan_2(tagged(packet, 8)), protocol=GRE),
    "erspan 3": lambda packet: ipv4(erspan_3(between(ethernet(packet))), protocol=GRE),
    "erspan 3 with more": lambda packet: ipv6(
        erspan_3(between(ethernet(packet)), more=True), following=GRE
    ),
    "vxlan": lambda packet: ipv4(udp(vxlan(between(ethernet(packet))), ports=(40_000, 4789))),
    "vxlan of Linux": lambda packet: ipv6(udp(vxlan(tagged(packet, 7)), ports=(40_000, 8472))),
    "HP's mirror": lambda packet: ipv4(
        udp(hp_mirror(between(ethernet(packet))), ports=(40_000, 7932))
    ),
}

LINKS: dict[str, tuple[int, Wrap]] = {
    "Ethernet": (1, lambda packet: between(ethernet(packet))),
    "a tag": (1, lambda packet: tagged(packet, 100)),
    "QinQ": (1, lambda packet: tagged(packet, 7, 42)),
    "old QinQ": (1, lambda packet: tagged(packet, 7, 42, outer=0x9100)),
    "three tags": (1, lambda packet: tagged(packet, 7, 42, 43)),
    "a label": (1, lambda packet: between(ethernet(mpls(packet, 3), kind=0x8847))),
    "a session": (1, lambda packet: between(ethernet(pppoe(packet), kind=0x8864))),
    "cooked": (113, cooked),
    "cooked with a tag": (
        113,
        lambda packet: cooked(b"\0\x64" + ethertype(packet).to_bytes(2, "big") + packet, 0x8100),
    ),
    "cooked 2": (276, cooked_2),
    "cooked 2 with a tag": (
        276,
        lambda packet: cooked_2(b"\0\x64" + ethertype(packet).to_bytes(2, "big") + packet, 0x8100),
    ),
    "raw": (101, lambda packet: packet),
    "loopback": (0, lambda packet: bytes((2 if is_v4(packet) else 30, 0, 0, 0)) + packet),
    "PPP": (9, lambda packet: bytes((255, 3, 0, 0x21 if is_v4(packet) else 0x57)) + packet),
}


def plain_packets() -> list[bytes]:
    """SIP in UDP over both IP versions, with a type of service each."""
    four, six = ipv4(udp(make_options())), ipv6(udp(make_options()))
    return [four[:1] + b"\x68" + four[2:], b"\x6b\x80" + six[2:]]


def large(call_id: str) -> bytes:
    """A message of several packets."""
    return make_options(call_id)[:-2] + b"X-Long: " + b"y" * 3000 + b"\r\n\r\n"


def compared(folder: Path, link_type: int, frames: Sequence[bytes]) -> list[WrappedMessage]:
    """Return what tshark finds in frames; it must be what we find."""
    path = folder / "frames.pcap"
    path.write_bytes(pcap(list(enumerate(frames, 1_700_000_000_000_000)), link_type=link_type))
    theirs = wrapped_sip(path)
    assert found_by_us(frames, link_type) == theirs
    return theirs


def found_by_us(frames: Sequence[bytes], link_type: int) -> list[WrappedMessage]:
    """What our decoders find, in tshark's terms."""
    dissector, table = Dissector(), SctpTable()
    found: list[WrappedMessage] = []
    for number, frame in enumerate(frames, 1):
        datagram = dissector.dissect(Frame(number, link_type, frame, len(frame)))
        if datagram is None:
            continue
        if datagram.protocol == SCTP:
            found += [told(one) for one in table.feed(datagram)]
        else:
            found.append(told(datagram))
    return found


def told(message: Datagram) -> WrappedMessage:
    """A message in tshark's terms; its time is the number of its frame."""
    return WrappedMessage(
        message.time_us,
        str(ip_address(message.source)),
        str(ip_address(message.destination)),
        (message.source_port, message.destination_port),
        message.tos,
        message.macs,
        message.payload,
    )


@pytest.mark.parametrize("name", LINKS)
def test_links(tmp_path: Path, name: str) -> None:
    """Each link layer, with a tunnel in it and without."""
    link_type, wrap = LINKS[name]
    packets = plain_packets()
    packets += [TUNNELS["gre"](one) for one in packets] + [TUNNELS["erspan 2"](packets[0])]
    assert len(compared(tmp_path, link_type, [wrap(one) for one in packets])) == 5


def test_tunnels(tmp_path: Path) -> None:
    """Each tunnel with both IP versions in it, and each in each other."""
    frames = []
    for outer in TUNNELS.values():
        for packet in plain_packets():
            frames.append(between(ethernet(outer(packet))))
            frames += [between(ethernet(outer(inner(packet)))) for inner in TUNNELS.values()]
    assert len(compared(tmp_path, 1, frames)) == len(frames)


def test_fragments(tmp_path: Path) -> None:
    """Of packets, of packets in tunnels, of tunnels, and both at once; some in disorder."""
    frames: list[bytes] = []
    number = count(1)
    for name, tunnel in TUNNELS.items():
        datagram = udp(large(f"{name.replace(' ', '-')}"))
        inner = fragments_v4(datagram, 1200, identity=next(number))
        frames += [between(ethernet(tunnel(piece))) for piece in inner]
        inner = fragments_v6(datagram, 1000)
        frames += [between(ethernet(tunnel(piece))) for piece in inner[::-1]]
        whole = tunnel(ipv4(datagram))
        if whole[0] >> 4 == 4:
            outer = [
                ipv4(whole[20:][at : at + 1400], protocol=whole[9], offset=at, identity=77,
                     more=at + 1400 < len(whole) - 20)
                for at in range(0, len(whole) - 20, 1400)
            ]  # fmt: skip
            frames += [between(ethernet(piece)) for piece in outer]
    for piece in fragments_v4(udp(large("both")), 1200, identity=next(number)):
        carried = udp(vxlan(between(ethernet(piece))), ports=(40_000, 4789))
        parts = fragments_v4(carried, 600, identity=next(number))
        frames += [between(ethernet(part)) for part in parts[::-1]]
    assert len(compared(tmp_path, 1, frames)) > 2 * len(TUNNELS)


def test_sctp(tmp_path: Path) -> None:
    """Bundles, messages of several chunks in disorder, interleaved ones, and what comes again."""
    sack, heartbeat = chunk(3, 0, bytes(12)), chunk(4, 0, b"\0\1\0\x08" + bytes(4))
    half = len(large("i-1")) // 2
    parts = pieces(large("pieces"), 900, 20)
    packets = [
        [data(make_options("one"), 1)],
        [sack, data(make_options("two"), 2), data(make_options("three" * 3), 3), heartbeat],
        [data(make_options("four"), 4), data(make_options("five"), 5, stream=1)],
        [data(make_options("four"), 4), data(make_options("six"), 6)],
        parts[:2],
        [parts[3]],
        [parts[2], data(make_options("seven"), 24)],
        [data(make_options("seven"), 24)],
    ]
    interleaved = [
        [i_data(large("i-1")[:half], 1, last=False, message=1)],
        [i_data(large("i-2")[:half], 2, last=False, message=1, stream=1)],
        [i_data(large("i-2")[half:], 3, first=False, message=1, stream=1, piece=1)],
        [i_data(large("i-1")[half:], 4, first=False, message=1, piece=1), sack],
    ]
    frames = [between(ethernet(ipv4(sctp(one), protocol=SCTP_CHUNKS))) for one in packets]
    frames += [
        between(ethernet(ipv6(sctp(one, ports=(5070, 5060), tag=9), following=SCTP_CHUNKS)))
        for one in interleaved
    ]
    wrapped = sctp([data(make_options("wrapped"), 1)], tag=10)
    frames.append(between(ethernet(TUNNELS["vxlan"](ipv4(wrapped, protocol=SCTP_CHUNKS)))))
    assert len(compared(tmp_path, 1, frames)) == 11


def test_tcp_in_tunnels(tmp_path: Path) -> None:
    """A segment with a whole message, in each tunnel."""
    frames = [
        between(ethernet(tunnel(ipv4(tcp(make_options(), ports=(port, 5060)), protocol=6))))
        for port, tunnel in enumerate(TUNNELS.values(), 40_000)
    ]
    assert len(compared(tmp_path, 1, frames)) == len(frames)
