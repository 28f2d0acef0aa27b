"""Builders of frames and capture files: bytes as a network and a capture tool would make them.

They share no code with what reads them, so that a mistake cannot cancel itself out.
"""

import struct
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

ALICE, BOB = "192.0.2.1", "198.51.100.2"
ALICE6, BOB6 = "2001:db8::1", "2001:db8::2"

ETHERNET, RAW_IP = 1, 101

OPTIONS = (
    b"OPTIONS sip:bob@example.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
    b"Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def make_options(call_id: str = "call-1@example.com") -> bytes:
    """An OPTIONS request."""
    return OPTIONS % call_id.encode()


def make_invite(call_id: str, host: str, port: int) -> bytes:
    """An INVITE request that offers to take audio at an address."""
    body = (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8\r\n"
    ).encode()
    head = (OPTIONS % call_id.encode()).replace(b"OPTIONS", b"INVITE")
    kind = b"Content-Type: application/sdp\r\nContent-Length: %d" % len(body)
    return head.replace(b"Content-Length: 0", kind) + body


def udp(payload: bytes, *, ports: tuple[int, int] = (5060, 5070), length: int = -1) -> bytes:
    """A UDP datagram; length -1 = the right one."""
    stated = 8 + len(payload) if length < 0 else length
    return struct.pack("!HHHH", *ports, stated, 0) + payload


def tcp(
    payload: bytes,
    *,
    ports: tuple[int, int] = (5060, 5070),
    options: bytes = b"",
    sequence: int = 1,
) -> bytes:
    """A TCP segment."""
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack("!HHIIBBHHH", *ports, sequence, 1, offset, 0x18, 1000, 0, 0)
    return head + options + payload


def ipv4(
    payload: bytes,
    *,
    protocol: int = 17,
    hosts: tuple[str, str] = (ALICE, BOB),
    options: bytes = b"",
    total: int = -1,
    identity: int = 7,
    offset: int = 0,
    more: bool = False,
    dont_fragment: bool = False,
) -> bytes:
    """An IPv4 packet or a fragment of one (offset in bytes); total -1 = the right length."""
    head = 20 + len(options)
    stated = head + len(payload) if total < 0 else total
    flags = offset // 8 | (0x2000 if more else 0) | (0x4000 if dont_fragment else 0)
    source, destination = (ip_address(host).packed for host in hosts)
    fixed = struct.pack("!BBHHHBBH", 0x40 | head // 4, 0, stated, identity, flags, 64, protocol, 0)
    return fixed + source + destination + options + payload


def ipv6(
    payload: bytes,
    *,
    following: int = 17,
    hosts: tuple[str, str] = (ALICE6, BOB6),
    length: int = -1,
) -> bytes:
    """An IPv6 packet; length -1 = the right one."""
    stated = len(payload) if length < 0 else length
    source, destination = (ip_address(host).packed for host in hosts)
    return struct.pack("!IHBB", 6 << 28, stated, following, 64) + source + destination + payload


def ipv6_fragment(
    payload: bytes, *, following: int = 17, offset: int = 0, more: bool = False, identity: int = 9
) -> bytes:
    """A fragment head (RFC 8200 4.5) and its piece."""
    return struct.pack("!BBHI", following, 0, offset | int(more), identity) + payload


def fragments_v4(payload: bytes, size: int, *, identity: int = 7) -> list[bytes]:
    """An IPv4 packet as fragments with ``size`` bytes each, a multiple of 8."""
    return [
        ipv4(
            payload[at : at + size],
            offset=at,
            more=at + size < len(payload),
            identity=identity,
        )
        for at in range(0, len(payload), size)
    ]


def fragments_v6(payload: bytes, size: int, *, following: int = 17) -> list[bytes]:
    """An IPv6 packet as fragments with ``size`` bytes each, a multiple of 8."""
    return [
        ipv6(
            ipv6_fragment(
                payload[at : at + size],
                following=following,
                offset=at,
                more=at + size < len(payload),
            ),
            following=44,
        )
        for at in range(0, len(payload), size)
    ]


def ethernet(
    packet: bytes, *, kind: int | None = None, tags: Sequence[tuple[int, int]] = ()
) -> bytes:
    """An Ethernet frame; tags are (EtherType, VLAN id), outermost first."""
    stacked = b"".join(struct.pack("!HH", ether, 0x6000 | vlan) for ether, vlan in tags)
    return bytes(12) + stacked + struct.pack("!H", kind or ethertype(packet)) + packet


def ethertype(packet: bytes) -> int:
    """The EtherType of an IP packet."""
    return 0x86DD if packet[:1] >= b"\x60" else 0x0800


def sip_frame(call_id: str = "call-1@example.com") -> bytes:
    """An OPTIONS request in UDP, IPv4 and Ethernet."""
    return ethernet(ipv4(udp(make_options(call_id))))


def pcap(
    frames: Iterable[tuple[int, bytes]],
    *,
    link_type: int = ETHERNET,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    wire_lengths: Sequence[int] = (),
) -> bytes:
    """A pcap file of (time in units of the magic, frame)."""
    second = 1_000_000_000 if magic == 0xA1B23C4D else 1_000_000
    tail = bytes(8) if magic == 0xA1B2CD34 else b""
    out = [struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65_535, link_type)]
    for at, (time, frame) in enumerate(frames):
        wire = wire_lengths[at] if wire_lengths else len(frame)
        head = struct.pack(order + "IIII", *divmod(time, second), len(frame), wire)
        out += [head, tail, frame]
    return b"".join(out)


def block(kind: int, body: bytes, *, order: str = "<") -> bytes:
    """A pcapng block of any type."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(*, order: str = "<") -> bytes:
    """A pcapng section head."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order=order)


def option(code: int, value: bytes, *, order: str = "<") -> bytes:
    """A pcapng option."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(
    link_type: int = ETHERNET, *, snap: int = 0, options: bytes = b"", order: str = "<"
) -> bytes:
    """A pcapng interface block."""
    return block(1, struct.pack(order + "HHI", link_type, 0, snap) + options, order=order)


def enhanced(
    time: int, frame: bytes, *, number: int = 0, order: str = "<", wire: int = -1
) -> bytes:
    """A pcapng enhanced packet; the time is in the interface's units."""
    stated = len(frame) if wire < 0 else wire
    head = struct.pack(order + "IIIII", number, time >> 32, time & 0xFFFFFFFF, len(frame), stated)
    return block(6, head + frame, order=order)


def simple(frame: bytes, *, wire: int = -1, order: str = "<") -> bytes:
    """A pcapng simple packet."""
    stated = len(frame) if wire < 0 else wire
    return block(3, struct.pack(order + "I", stated) + frame, order=order)


def old_packet(time: int, frame: bytes, *, number: int = 0, order: str = "<") -> bytes:
    """A pcapng packet block of the obsolete form."""
    high, low = time >> 32, time & 0xFFFFFFFF
    head = struct.pack(order + "HHIIII", number, 0, high, low, len(frame), len(frame))
    return block(2, head + frame, order=order)


def pcapng(frames: Iterable[tuple[int, bytes]], *, order: str = "<") -> bytes:
    """A pcapng file of (microseconds, Ethernet frame)."""
    packets = (enhanced(time, frame, order=order) for time, frame in frames)
    return section(order=order) + interface(order=order) + b"".join(packets)
