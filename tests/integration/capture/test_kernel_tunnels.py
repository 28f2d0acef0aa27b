"""A tunnel that Linux itself makes: what goes in comes out of the frames on the wire below."""

import socket

from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.decode.errors import FrameError
from hepscope_capture.frame import Frame
from support.frames import make_options
from support.namespaces import ALICE, BOB, Namespace, wired
from support.sinks import widen

_EVERY_PROTOCOL = 3
CARDS = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))
INSIDE = {4: ("10.99.0.1", "10.99.0.2"), 6: ("fd99::1", "fd99::2")}


def tunnel(place: Namespace, here: str, there: str, end: int) -> None:
    """One end of a VXLAN over the wire."""
    vxlan = f"type vxlan id 42 dstport 4789 local {here} remote {there}"
    place.ip(f"link add vx0 address {CARDS[end].hex(':')} {vxlan}")
    place.ip(f"addr add {INSIDE[4][end]}/24 dev vx0")
    place.ip(f"addr add {INSIDE[6][end]}/64 dev vx0 nodad")
    place.ip("link set vx0 up")


def sent(place: Namespace, payloads: list[bytes], version: int) -> None:
    """Send datagrams through the tunnel."""

    def send() -> None:
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as plain:
            plain.bind((INSIDE[version][0], 5060))
            for payload in payloads:
                plain.sendto(payload, (INSIDE[version][1], 5060))

    place.call(send)


def wire_of(place: Namespace) -> socket.socket:
    """A socket that sees every frame of the wire."""

    def make() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        widen(made, 8 * 1024 * 1024)
        made.bind((place.wire, _EVERY_PROTOCOL))
        made.settimeout(120)
        return made

    return place.call(make)


def test_vxlan_of_the_kernel() -> None:
    """Of both IP versions, small and in fragments; with the cards and networks inside."""
    small = [make_options(f"call-{number}") for number in range(5)]
    large = [one[:-2] + b"X-Long: " + b"y" * 5000 + b"\r\n\r\n" for one in small]
    dissector, found = Dissector(), list[Datagram]()
    with wired() as (alice, bob), wire_of(bob) as wire:
        tunnel(alice, ALICE, BOB, 0)
        tunnel(bob, BOB, ALICE, 1)
        for version in INSIDE:
            sent(alice, small + large, version)
        while len(found) < 20:
            frame = wire.recv(65_536)
            datagram = _dissected(dissector, frame)
            if datagram is not None and datagram.destination_port == 5060:
                found.append(datagram)
    assert [one.payload for one in found] == 2 * (small + large)
    for one, version in zip(found, [4] * 10 + [6] * 10, strict=True):
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        hosts = tuple(socket.inet_pton(family, host) for host in INSIDE[version])
        assert (one.source, one.destination, one.macs) == (*hosts, CARDS[1] + CARDS[0])
    # The larger pieces of IPv6 do not fit the wire, so the tunnel's own packets are cut as well.
    assert dissector.fragments.joined > 10


def _dissected(dissector: Dissector, frame: bytes) -> Datagram | None:
    """The datagram of a frame; none of neighbour discovery, which finds the way first."""
    try:
        return dissector.dissect(Frame(1, 1, frame, len(frame)))
    except FrameError:
        return None
