"""IP: the packet that a frame carries (IPv4 RFC 791, IPv6 RFC 8200), whole or a fragment.

What is behind the length that IP states is padding of the link layer and is dropped. A stated
length of 0 is a packet that the capturing machine had not yet cut into segments, or an IPv6
jumbogram: then the frame's end counts. A packet that states more than was captured is kept and
marked as cut, since the SIP message in it is still worth reading.
"""

import struct
from dataclasses import dataclass

from hepscope_capture.decode.errors import FrameError, Reason

_V4 = struct.Struct("!BBHHHBBH4s4s").unpack_from
_V6 = struct.Struct("!IHBB16s16s").unpack_from
_V6_FRAGMENT = struct.Struct("!BBHI").unpack_from

_V4_HEAD_BYTES, _V6_HEAD_BYTES, _V6_FRAGMENT_BYTES = 20, 40, 8
_V6_FRAGMENT_HEAD = 44
_AUTHENTICATION_HEAD = 51
# Hop-by-hop, routing, destination, mobility, HIP, shim6: all state their length alike.
_V6_EXTENSIONS = frozenset((0, 43, 60, 135, 139, 140))
# RFC 8200 names each at most twice; longer chains are an attack.
_MAX_EXTENSIONS = 16


@dataclass(slots=True)
class IpPacket:
    """An IP packet: packed addresses, protocol number, and what follows all IP heads."""

    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    is_cut: bool = False  # the capture lacks its end
    fragment_id: int = 0
    fragment_offset: int = 0  # bytes
    has_more: bool = False  # fragments behind this one
    tos: int = 0  # IPv4 type of service, IPv6 traffic class

    @property
    def is_fragment(self) -> bool:
        """Whether the payload is only a piece."""
        return self.has_more or self.fragment_offset > 0


def decode_ip(data: bytes, start: int, *, is_cut: bool = False) -> IpPacket:
    """Return the IP packet that starts at this byte of a frame; a cut frame lacks its own end.

    Raises FrameError and nothing else, whatever the bytes.
    """
    try:
        version = data[start] >> 4
        if version == 4:
            return _decode_v4(data, start, is_cut)
        if version == 6:
            return _decode_v6(data, start, is_cut)
    except (struct.error, IndexError):
        raise FrameError(Reason.TRUNCATED, len(data)) from None
    raise FrameError(Reason.BAD_VERSION, start)


def _decode_v4(data: bytes, start: int, is_cut: bool) -> IpPacket:
    (first, tos, total, identity, fragment, _, protocol, _, source, destination) = _V4(data, start)
    head = (first & 0x0F) * 4
    if head < _V4_HEAD_BYTES or 0 < total < head:
        raise FrameError(Reason.BAD_LENGTH, start)
    end = start + total if total else len(data)
    if start + head > len(data):
        raise FrameError(Reason.TRUNCATED, len(data))
    return IpPacket(
        source,
        destination,
        protocol,
        data[start + head : end],
        end > len(data) or (not total and is_cut),
        identity,
        (fragment & 0x1FFF) * 8,
        bool(fragment & 0x2000),
        tos,
    )


def _decode_v6(data: bytes, start: int, is_cut: bool) -> IpPacket:
    first, length, following, _, source, destination = _V6(data, start)
    body = start + _V6_HEAD_BYTES
    end = body + length if length else len(data)
    is_cut = end > len(data) or (not length and is_cut)
    packet = IpPacket(source, destination, following, data[body:end], is_cut)
    packet.tos = first >> 20 & 0xFF
    return walk_extensions(packet, body)


def walk_extensions(packet: IpPacket, start: int = 0) -> IpPacket:
    """Step over the extension heads at the start of an IPv6 packet's payload, in place.

    Stops behind the head of a fragment, whose fields it fills in; what a joined packet starts
    with is walked again. ``start`` is the payload's place in the frame, for errors only.
    """
    payload, protocol, at = packet.payload, packet.protocol, 0
    try:
        for _ in range(_MAX_EXTENSIONS):
            if protocol in _V6_EXTENSIONS:
                protocol, at = payload[at], at + payload[at + 1] * 8 + 8
            elif protocol == _AUTHENTICATION_HEAD:
                protocol, at = payload[at], at + payload[at + 1] * 4 + 8
            elif protocol == _V6_FRAGMENT_HEAD:
                protocol, _, field, identity = _V6_FRAGMENT(payload, at)
                at += _V6_FRAGMENT_BYTES
                packet.fragment_id = identity
                packet.fragment_offset = field & 0xFFF8
                packet.has_more = bool(field & 1)
                if packet.is_fragment:
                    break
            else:
                break
        else:
            raise FrameError(Reason.TOO_DEEP, start + at)
    except (struct.error, IndexError):
        raise FrameError(Reason.TRUNCATED, start + len(payload)) from None
    if at > len(payload):
        raise FrameError(Reason.TRUNCATED, start + len(payload))
    if at:
        packet.protocol = protocol
        packet.payload = payload[at:]
    return packet
