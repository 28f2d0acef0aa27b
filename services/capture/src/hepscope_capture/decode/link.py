"""Link layers: from the start of a frame to the IP packet in it.

Each decoder takes a frame and returns where its IP packet starts, the VLAN it is in and the
cards it went between. Link types are LINKTYPE numbers of the tcpdump registry, protocols are
EtherTypes; all numbers are big-endian but the family word of BSD's loopback, which has the byte
order of the machine that captured. Of nested VLAN tags the innermost is reported: it is the
customer's network.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from hepscope_capture.decode.errors import FrameError, Reason

_U16 = struct.Struct("!H").unpack_from
_U32 = struct.Struct("!I").unpack_from

IPV4, IPV6 = 0x0800, 0x86DD
_TAGS = frozenset((0x8100, 0x88A8, 0x9100, 0x9200, 0x9300))
_MPLS = frozenset((0x8847, 0x8848))
_PPPOE_SESSION = 0x8864
_PPP_TO_ETHERTYPE = {0x0021: IPV4, 0x0057: IPV6, 0x0281: 0x8847, 0x0283: 0x8848}

# Real networks stack two tags and a handful of labels; a loop of them is an attack.
_MAX_DEPTH = 16

# Below this the Ethernet type field is a length, and an LLC head follows (IEEE 802.3).
_MIN_ETHERTYPE = 0x0600
_LLC_SNAP = b"\xaa\xaa\x03\x00\x00\x00"

# AF_INET of everyone; AF_INET6 of Linux, NetBSD, FreeBSD and macOS.
_LOOPBACK_FAMILIES = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}


_MACS_BYTES, _ETHERNET_HEAD_BYTES = 12, 14
_NO_MACS = bytes(_MACS_BYTES)


class Link(NamedTuple):
    """Where the IP packet starts in the frame, and the Ethernet that it is in."""

    offset: int
    vlan: int  # 0 = none
    macs: bytes = b""  # destination and source; empty = no Ethernet, or the loopback's zeros


def decode_link(link_type: int, data: bytes) -> Link:
    """Return the place of the IP packet in a frame of this link type.

    Raises FrameError and nothing else, whatever the bytes.
    """
    decoder = LINK_TYPES.get(link_type)
    if decoder is None:
        raise FrameError(Reason.UNSUPPORTED_LINK, 0)
    try:
        return decoder(data)
    except struct.error:
        raise FrameError(Reason.TRUNCATED, len(data)) from None


def ethernet(data: bytes, at: int = 0) -> Link:
    """Return the place of the IP packet in the Ethernet frame that starts at this byte.

    Raises FrameError, and struct.error for a frame that ends in its head.
    """
    kind = _U16(data, at + _MACS_BYTES)[0]
    macs = data[at : at + _MACS_BYTES]
    if macs == _NO_MACS:
        macs = b""
    if kind in (IPV4, IPV6):
        return Link(at + _ETHERNET_HEAD_BYTES, 0, macs)
    return network(data, at + _ETHERNET_HEAD_BYTES, kind, macs=macs)


def network(data: bytes, at: int, kind: int, *, vlan: int = 0, macs: bytes = b"") -> Link:
    """Step over tags, labels and sessions, from what an EtherType says on, until IP comes.

    Raises FrameError, and struct.error for a frame that ends in a head.
    """
    for _ in range(_MAX_DEPTH):
        if kind in (IPV4, IPV6):
            return Link(at, vlan, macs)
        if kind in _TAGS:
            tag, kind = _U16(data, at)[0], _U16(data, at + 2)[0]
            vlan = tag & 0x0FFF or vlan
            at += 4
        elif kind in _MPLS:
            return Link(_behind_labels(data, at), vlan, macs)
        elif kind == _PPPOE_SESSION:
            kind, at = _ppp_protocol(data, at + 6)
        elif kind < _MIN_ETHERTYPE and data[at : at + 6] == _LLC_SNAP:
            kind, at = _U16(data, at + 6)[0], at + 8
        else:
            raise FrameError(Reason.NOT_IP, at)
    raise FrameError(Reason.TOO_DEEP, at)


def _behind_labels(data: bytes, at: int) -> int:
    """Step over labels (RFC 3032); what follows the last one names itself only by its nibble."""
    for _ in range(_MAX_DEPTH):
        is_bottom = _U32(data, at)[0] & 0x100
        at += 4
        if is_bottom:
            return _ip_start(data, at)
    raise FrameError(Reason.TOO_DEEP, at)


def _ip_start(data: bytes, at: int) -> int:
    if at >= len(data):
        raise FrameError(Reason.TRUNCATED, at)
    if data[at] >> 4 not in (4, 6):
        raise FrameError(Reason.NOT_IP, at)
    return at


def _ppp_protocol(data: bytes, at: int) -> tuple[int, int]:
    """Return the EtherType for a PPP protocol number and where its packet starts (RFC 1661)."""
    first = data[at : at + 1]
    if first and first[0] & 1:  # a compressed number has its odd byte first
        number, at = first[0], at + 1
    else:
        number, at = _U16(data, at)[0], at + 2
    kind = _PPP_TO_ETHERTYPE.get(number)
    if kind is None:
        raise FrameError(Reason.NOT_IP, at)
    return kind, at


def _ppp(data: bytes) -> Link:
    kind, at = _ppp_protocol(data, 2 if data.startswith(b"\xff\x03") else 0)
    return network(data, at, kind)


def _pppoe(data: bytes) -> Link:
    return network(data, 0, _PPPOE_SESSION)


def _cisco_hdlc(data: bytes) -> Link:
    return network(data, 4, _U16(data, 2)[0])


def _linux_sll(data: bytes) -> Link:
    return network(data, 16, _U16(data, 14)[0])


def _linux_sll2(data: bytes) -> Link:
    kind = _U16(data, 0)[0]
    _U32(data, 16)  # the head ends at 20
    return network(data, 20, kind)


def _raw_ip(data: bytes) -> Link:
    return Link(_ip_start(data, 0), 0)


def _loopback(data: bytes) -> Link:
    family = _U32(data, 0)[0]
    # The word's byte order is not told; families are small, so the zeros tell it.
    if family > 0xFFFF:
        family = int.from_bytes(data[:4], "little")
    if family not in _LOOPBACK_FAMILIES:
        raise FrameError(Reason.NOT_IP, 0)
    return Link(4, 0)


LINK_TYPES: dict[int, Callable[[bytes], Link]] = {
    0: _loopback,
    1: ethernet,
    9: _ppp,
    12: _raw_ip,
    14: _raw_ip,
    50: _ppp,
    51: _pppoe,
    101: _raw_ip,
    104: _cisco_hdlc,
    108: _loopback,
    113: _linux_sll,
    228: _raw_ip,
    229: _raw_ip,
    276: _linux_sll2,
}
