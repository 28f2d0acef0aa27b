"""The filter in the kernel takes what it takes in the machine that the unit tests have."""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Callable, Sequence

import pytest

from hepscope_capture.live.bpf import Program
from hepscope_capture.live.filter import FilterPlan, filter_of
from support.encapsulations import (
    between,
    erspan_2,
    erspan_3,
    gre,
    mpls,
    pppoe,
    sctp,
    tagged,
    vxlan,
)
from support.frames import ethernet, fragments_v4, fragments_v6, ipv4, ipv6, make_options, tcp, udp
from support.namespaces import Namespace, namespace, wired
from support.sinks import widen
from unit.capture.live.bpf_machine import run

SNAP = 262_144
_ATTACH_FILTER, _EVERY_PROTOCOL = 26, 3
_SET_NAME, _TUN_WITHOUT_HEAD = 0x400454CA, 0x1001  # TUNSETIFF, IFF_TUN | IFF_NO_PI
_TUN_DEVICE = 65534

MEDIA = (20_000, 30_000)
PLANS = {
    "SIP": FilterPlan(snap_bytes=SNAP),
    "half of RTP": FilterPlan(rtp_sample=2, tunnels=True, snap_bytes=SNAP),
    "all": FilterPlan(rtcp=True, tunnels=True, log_ports=frozenset((514,)), snap_bytes=SNAP),
}

Make = Callable[..., bytes]


def contents(make: Make, fragments: Callable[[bytes, int], list[bytes]]) -> list[bytes]:
    """Packets of one IP version: what may be wanted, and what is not."""
    protocol = "protocol" if make is ipv4 else "following"
    sip, rtp = udp(make_options()), udp(b"\x80\x08" + bytes(160), ports=MEDIA)
    return [
        make(sip),
        make(rtp),
        *(make(udp(b"\x80\x08" + bytes(160), ports=(port, 30_000))) for port in (20_002, 20_004)),
        make(udp(bytes.fromhex("81c90007") + bytes(28), ports=MEDIA)),
        make(udp(b"<13>log", ports=(9, 514))),
        make(udp(b"", ports=MEDIA)),
        make(tcp(b""), **{protocol: 6}),
        make(tcp(b"", ports=MEDIA), **{protocol: 6}),
        make(sctp([]), **{protocol: 132}),
        make(bytes(40), **{protocol: 89}),
        *fragments(sip, 80),
        *fragments(rtp, 80),
    ]


WRAPS: list[Callable[[bytes], bytes]] = [
    lambda packet: packet,
    lambda packet: ipv4(packet, protocol=4 if packet[0] >> 4 == 4 else 41),
    lambda packet: ipv6(gre(packet, key=1, sequence=2), following=47),
    lambda packet: ipv4(gre(mpls(packet), 0x8847), protocol=47),
    lambda packet: ipv4(erspan_2(tagged(packet, 5)), protocol=47),
    lambda packet: ipv4(erspan_3(ethernet(packet), more=True), protocol=47),
    lambda packet: ipv4(udp(vxlan(ethernet(packet)), ports=(1, 4789))),
]


def packets() -> list[bytes]:
    """Every content in every tunnel, and in two of them."""
    plain = [*contents(ipv4, fragments_v4), *contents(ipv6, fragments_v6)]
    once = [wrap(packet) for wrap in WRAPS for packet in plain]
    twice = [WRAPS[4](WRAPS[6](packet)) for packet in plain]
    deep = [WRAPS[6](WRAPS[6](WRAPS[6](packet))) for packet in plain[:2]]
    return once + twice + deep


def frames() -> list[bytes]:
    """Those packets in Ethernet; some with tags, labels and sessions."""
    made = [between(ethernet(packet)) for packet in packets()]
    for packet in contents(ipv4, fragments_v4) + contents(ipv6, fragments_v6):
        made += [tagged(packet, 7), tagged(packet, 7, 8), tagged(packet, 7, 8, 9)]
        made += [between(ethernet(mpls(packet, 2), kind=0x8847))]
        made += [between(ethernet(pppoe(packet), kind=0x8864))]
    return made


def marked(data: Sequence[bytes]) -> list[bytes]:
    """The same with a number behind each packet's end, where a network pads."""
    return [one + struct.pack("!I", number) for number, one in enumerate(data)]


def listening(place: Namespace, interface: str, program: Program) -> socket.socket:
    """A packet socket with a filter, from before it gets anything."""

    def make() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        code = ctypes.create_string_buffer(program, len(program))
        head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
        made.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, head)
        widen(made, 8 * 1024 * 1024)
        made.bind((interface, _EVERY_PROTOCOL))
        made.settimeout(120)
        return made

    return place.call(make)


def numbers(receiver: socket.socket, last: int) -> list[int]:
    """The numbers of what came in, up to the last one that was sent."""
    found: list[int] = []
    while not found or found[-1] != last:
        number: int = struct.unpack("!I", receiver.recv(4096)[-4:])[0]
        # What the kernel itself says on a new wire has no number of ours.
        if number <= last:
            found.append(number)
    return found


@pytest.mark.parametrize("name", PLANS)
def test_frames_of_a_wire(name: str) -> None:
    """On Ethernet, where the kernel has taken the outermost tag off."""
    program = filter_of(PLANS[name])
    sent = marked([*frames(), between(ethernet(ipv4(udp(make_options()))))])
    wanted = [number for number, frame in enumerate(sent) if run(program, _untagged(frame)) == SNAP]
    with wired(9000) as (alice, bob), listening(bob, bob.wire, program) as receiver:

        def send() -> None:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
                raw.bind((alice.wire, 0))
                for frame in sent:
                    raw.send(frame)

        alice.call(send)
        assert numbers(receiver, len(sent) - 1) == wanted
    assert len(sent) > len(wanted) > len(sent) // 6


def _untagged(frame: bytes) -> bytes:
    """A frame as the kernel keeps it: the first tag is beside the data."""
    is_tagged = frame[12:14] in (b"\x81\x00", b"\x88\xa8")
    return frame[:12] + frame[16:] if is_tagged else frame


@pytest.mark.parametrize("name", PLANS)
def test_packets_of_a_device_without_a_link_layer(name: str) -> None:
    """Loads are relative to where the kernel says that the packet is."""
    program = filter_of(PLANS[name])
    sent = marked([*packets(), ipv4(udp(make_options()))])

    def is_wanted(packet: bytes) -> bool:
        protocol = 0x0800 if packet[0] >> 4 == 4 else 0x86DD
        return run(program, packet, device=_TUN_DEVICE, protocol=protocol) == SNAP

    with namespace("tun") as place:
        device = place.call(_tun)
        try:
            place.ip("link set tun0 mtu 9000 up")
            with listening(place, "tun0", program) as receiver:
                for packet in sent:
                    os.write(device, packet)
                found = numbers(receiver, len(sent) - 1)
        finally:
            os.close(device)
    assert found == [number for number, packet in enumerate(sent) if is_wanted(packet)]


def _tun() -> int:
    """A device whose packets come from us; it is gone when this is closed."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _SET_NAME, struct.pack("16sH22x", b"tun0", _TUN_WITHOUT_HEAD))
    return device
