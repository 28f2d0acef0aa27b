"""Tunnels: from an IP packet that carries another packet to the one inside.

    IP in IP, 6in4, 4in6              RFC 2003, 4213, 2473
    GRE with IP, Ethernet or MPLS     RFC 2784, 2890
    ERSPAN I, II and III over GRE     draft-foschiano-erspan-03
    VXLAN over UDP                    RFC 7348
    HP's remote mirroring over UDP    port 7932: twelve bytes before the Ethernet frame

What has an Ethernet frame inside is in that frame's VLAN and between that frame's cards; what has
none stays in those of the tunnel's own packet.
"""

import struct
from typing import NamedTuple

from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.ip import IpPacket
from hepscope_capture.decode.link import Link, ethernet, network

_U16 = struct.Struct("!H").unpack_from
_U32 = struct.Struct("!I").unpack_from

_IP_IN_IP, _IPV6_IN_IP, _GRE = 4, 41, 47
IP_TUNNELS = frozenset((_IP_IN_IP, _IPV6_IN_IP, _GRE))

# The number of the registry, and Linux's own from before there was one.
_VXLAN_PORTS = frozenset((4789, 8472))
_HP_MIRROR_PORT = 7932
UDP_TUNNELS = _VXLAN_PORTS | {_HP_MIRROR_PORT}
"""Destination ports at which a datagram may be a tunnel's."""

_CHECKSUM, _ROUTING, _KEY, _SEQUENCE, _VERSION = 0x8000, 0x4000, 0x2000, 0x1000, 0x0007
_TRANSPARENT_ETHERNET, _ERSPAN_2, _ERSPAN_3 = 0x6558, 0x88BE, 0x22EB
_ERSPAN_2_BYTES, _ERSPAN_3_BYTES, _ERSPAN_3_MORE_BYTES = 8, 12, 8
_ERSPAN_ETHERNET = 0  # the frame type of ERSPAN III

_VXLAN_BYTES = 8
# In IPv4 and UDP: version and length of the head, total length, fragment, protocol; destination
# port, length, VXLAN's flags and number.
_USUAL_VXLAN = struct.Struct("!BxHxxHxB12xHHxxB3xI")
_UDP, _UDP_AT, _BEHIND_VXLAN = 17, 20, 36
# "There is a network number"; the highest bit is that of the group policy extension.
_VXLAN_FLAGS, _VXLAN_VALID = 0x7F, 0x08

_HP_MIRROR_BYTES = 12
_HP_MIRROR_ZEROS = bytes(9)


class Inner(NamedTuple):
    """Where the packet inside starts, and which of the networks of its tunnel it is in."""

    data: bytes
    link: Link
    number: int = 0  # VXLAN's network, GRE's key, ERSPAN's session


def open_ip_tunnel(packet: IpPacket, link: Link) -> Inner:
    """Return what a packet of one of ``IP_TUNNELS`` carries.

    Raises FrameError and nothing else, whatever the bytes.
    """
    if packet.protocol != _GRE:
        return Inner(packet.payload, Link(0, link.vlan, link.macs))
    try:
        return _gre(packet.payload, link)
    except (struct.error, IndexError):
        raise FrameError(Reason.TRUNCATED, len(packet.payload)) from None


def open_udp_tunnel(port: int, payload: bytes) -> Inner | None:
    """Return what a datagram to one of ``UDP_TUNNELS`` carries; None when it is no tunnel's.

    Raises FrameError and nothing else, whatever the bytes.
    """
    try:
        if port in _VXLAN_PORTS:
            if len(payload) < _VXLAN_BYTES or payload[0] & _VXLAN_FLAGS != _VXLAN_VALID:
                return None
            return Inner(payload, ethernet(payload, _VXLAN_BYTES), _U32(payload, 4)[0] >> 8)
        if len(payload) < _HP_MIRROR_BYTES or not payload.startswith(_HP_MIRROR_ZEROS):
            return None
        return Inner(payload, ethernet(payload, _HP_MIRROR_BYTES))
    except (struct.error, IndexError):
        raise FrameError(Reason.TRUNCATED, len(payload)) from None


class UsualInner(NamedTuple):
    """Where the packet inside starts, before which byte the tunnel ends, and its number."""

    link: Link
    end: int
    number: int


def open_usual_vxlan(data: bytes, size: int, start: int) -> UsualInner | None:
    """Return what the IPv4 packet at ``start`` carries if it is VXLAN, whole and without options.

    Clouds mirror that way, so it is what ``open_udp_tunnel`` gives, without a copy. None for
    anything else, and for whatever is odd about it.
    """
    if size < start + _USUAL_VXLAN.size:
        return None
    first, total, fragment, protocol, port, length, flags, number = _USUAL_VXLAN.unpack_from(
        data, start
    )
    end = start + _UDP_AT + length
    if (
        protocol != _UDP
        or port not in _VXLAN_PORTS
        or first != 0x45
        or fragment & 0x3FFF
        or flags & _VXLAN_FLAGS != _VXLAN_VALID
        or not start + _BEHIND_VXLAN <= end <= start + total <= size
    ):
        return None
    try:
        return UsualInner(ethernet(data, start + _BEHIND_VXLAN), end, number >> 8)
    except (struct.error, FrameError):
        return None


def _gre(data: bytes, outer: Link) -> Inner:
    flags, kind = _U16(data, 0)[0], _U16(data, 2)[0]
    if flags & (_ROUTING | _VERSION):
        raise FrameError(Reason.OTHER_TUNNEL, 0)
    at, key = 4, 0
    if flags & _CHECKSUM:
        at += 4
    if flags & _KEY:
        key = _U32(data, at)[0]
        at += 4
    if flags & _SEQUENCE:
        at += 4
    if kind == _TRANSPARENT_ETHERNET:
        return Inner(data, ethernet(data, at), key)
    if kind == _ERSPAN_3 or (kind == _ERSPAN_2 and flags & _SEQUENCE):
        return _erspan(data, at)
    if kind == _ERSPAN_2:  # the first form has no head of its own
        return Inner(data, ethernet(data, at))
    return Inner(data, network(data, at, kind, vlan=outer.vlan, macs=outer.macs), key)


def _erspan(data: bytes, at: int) -> Inner:
    word = _U32(data, at)[0]
    version, vlan, session = word >> 28, word >> 16 & 0x0FFF, word & 0x03FF
    if version == 1:
        link = ethernet(data, at + _ERSPAN_2_BYTES)
    elif version == 2:
        form = _U16(data, at + 10)[0]
        start = at + _ERSPAN_3_BYTES + (_ERSPAN_3_MORE_BYTES if form & 1 else 0)
        if form >> 10 & 0x1F != _ERSPAN_ETHERNET:
            raise FrameError(Reason.OTHER_TUNNEL, at + 10)
        link = ethernet(data, start)
    else:
        raise FrameError(Reason.OTHER_TUNNEL, at)
    # The switch took the tag of an access port off and tells it here.
    return Inner(data, link if link.vlan else link._replace(vlan=vlan), session)
