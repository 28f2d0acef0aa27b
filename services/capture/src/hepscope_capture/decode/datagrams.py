"""Frames to datagrams: link, IP, fragments, tunnels and transport in one pass.

Of packets inside each other the innermost comes out, and only that one. The only state is the
fragments that wait for each other, so one ``Dissector`` serves all files of a replay: a datagram
may begin in one file of a rotated capture and end in the next. It gets the time of the frame that
completes it, which is when its receiver saw it.
"""

import struct
from dataclasses import dataclass

from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.fragments import Reassembler
from hepscope_capture.decode.ip import IpPacket, decode_ip, walk_extensions
from hepscope_capture.decode.link import Link, decode_link
from hepscope_capture.decode.transport import (
    ACK,
    SCTP,
    TCP,
    UDP,
    Transport,
    decode_sctp,
    decode_tcp,
    decode_udp,
)
from hepscope_capture.decode.tunnels import (
    IP_TUNNELS,
    UDP_TUNNELS,
    Inner,
    open_ip_tunnel,
    open_udp_tunnel,
    open_usual_vxlan,
)
from hepscope_capture.frame import Frame

# Packets inside each other, the outermost included; mirrors of tunnels have three or four.
MAX_DEPTH = 8

# Type of service, total length, fragment, protocol, addresses.
_V4 = struct.Struct("!xBH2xHxB2x4s4s").unpack_from
# Version, traffic class and more; length, following head, addresses.
_V6 = struct.Struct("!HxxHBx16s16s").unpack_from
_UDP = struct.Struct("!HHH").unpack_from
# Ports, sequence number, acknowledgement, offset, flags.
_TCP = struct.Struct("!HHIIBB").unpack_from
_VERSION_4_WITHOUT_OPTIONS, _VERSION_6 = 0x45, 6
_ANY_FRAGMENT = 0x3FFF
_V4_HEAD_BYTES, _V6_HEAD_BYTES = 20, 40
_UDP_HEAD_BYTES, _TCP_HEAD_BYTES = 8, 20


@dataclass(slots=True)
class Datagram:
    """A UDP datagram, a TCP segment, an SCTP packet, or a message made of them."""

    time_us: int
    protocol: int  # 17 UDP, 6 TCP, 132 SCTP
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    payload: bytes  # TCP: the segment's data; SCTP: all chunks behind the common head
    vlan: int = 0  # the innermost; 0 = none
    is_cut: bool = False  # the capture lacks the payload's end
    tos: int = 0  # of the innermost IP head: IPv4 type of service, IPv6 traffic class
    macs: bytes = b""  # of the innermost Ethernet head, destination first; empty = not known
    sequence: int = 0  # TCP; SCTP: the verification tag
    flags: int = 0  # TCP
    kind: int = 1  # HEP protocol type: 1 SIP, 5 RTCP as JSON, 100 log
    correlation_id: bytes = b""  # HEP chunk 17; empty = none
    acknowledgement: int = 0  # TCP; 0 also without the flag that makes it valid
    mos: int = 0  # HEP chunk 32: what an end said of its stream, in hundredths; 0 = nothing


def _usual(data: bytes, size: int, link: Link, time_us: int) -> Datagram | None:
    """Return the datagram of the packets that nearly all are, at half the price of the others.

    UDP and TCP, whole, without IP options or extension heads, before so many bytes; None for
    anything else, for tunnels, and for whatever is odd about it.
    """
    start, vlan, macs = link
    if size < start + _V6_HEAD_BYTES:
        return None
    first = data[start]
    if first == _VERSION_4_WITHOUT_OPTIONS:
        tos, total, fragment, protocol, source, destination = _V4(data, start)
        if fragment & _ANY_FRAGMENT:
            return None
        body, end = start + _V4_HEAD_BYTES, start + total
    elif first >> 4 == _VERSION_6:
        word, total, protocol, source, destination = _V6(data, start)
        tos = word >> 4 & 0xFF
        body = start + _V6_HEAD_BYTES
        end = body + total
    else:
        return None
    if end > size:
        return None
    if protocol == UDP:
        if body + _UDP_HEAD_BYTES > end:
            return None
        source_port, destination_port, length = _UDP(data, body)
        if not _UDP_HEAD_BYTES <= length <= end - body or destination_port in UDP_TUNNELS:
            return None
        return Datagram(
            time_us, protocol, source, source_port, destination, destination_port,
            data[body + _UDP_HEAD_BYTES : body + length], vlan, False, tos, macs,
        )  # fmt: skip
    if protocol != TCP or body + _TCP_HEAD_BYTES > end:
        return None
    source_port, destination_port, sequence, acknowledgement, offset, flags = _TCP(data, body)
    head = (offset >> 4) * 4
    if not _TCP_HEAD_BYTES <= head <= end - body:
        return None
    return Datagram(
        time_us, protocol, source, source_port, destination, destination_port,
        data[body + head : end], vlan, False, tos, macs, sequence, flags,
        acknowledgement=acknowledgement if flags & ACK else 0,
    )  # fmt: skip


class Dissector:
    """Frames in, datagrams out."""

    def __init__(self) -> None:
        self._reassembler = Reassembler()
        self.fragments = self._reassembler.counts

    def dissect(self, frame: Frame) -> Datagram | None:
        """Return what the frame carries or completes; None when it is a piece that waits.

        Raises FrameError and nothing else, whatever the frame.
        """
        data, time_us = frame.data, frame.time_us
        link, size = decode_link(frame.link_type, data), len(data)
        is_cut, network = frame.wire_length > size, 0
        for _ in range(MAX_DEPTH):
            usual = _usual(data, size, link, time_us)
            if usual is not None:
                return usual
            network = network << 12 | link.vlan
            opened = open_usual_vxlan(data, size, link.offset)
            if opened is not None:
                link, size, number = opened
                is_cut, network = False, network << 32 | number
                continue
            if size < len(data):
                data = data[:size]
            packet = self._whole(decode_ip(data, link.offset, is_cut=is_cut), network, time_us)
            if packet is None:
                return None
            content = _content(packet, link)
            if isinstance(content, Transport):
                return Datagram(
                    time_us, packet.protocol, packet.source, content.source_port,
                    packet.destination, content.destination_port, content.payload, link.vlan,
                    packet.is_cut, packet.tos, link.macs, content.sequence, content.flags,
                    acknowledgement=content.acknowledgement,
                )  # fmt: skip
            data, link, number = content
            size, is_cut, network = len(data), packet.is_cut, network << 32 | number
        raise FrameError(Reason.TOO_DEEP, link.offset)

    def _whole(self, packet: IpPacket, network: int, time_us: int) -> IpPacket | None:
        """Return the packet that this is or completes, None while other pieces are missing."""
        if not packet.is_fragment:
            return packet
        whole = self._reassembler.add(packet, network, time_us)
        if whole is None or len(whole.source) == 4:
            return whole
        whole = walk_extensions(whole)
        if whole.is_fragment:
            raise FrameError(Reason.TOO_DEEP, 0)
        return whole

    @property
    def waiting_bytes(self) -> int:
        """How much of fragments waits for the others."""
        return self._reassembler.waiting_bytes

    def finish(self) -> None:
        """Give up the pieces that still wait, and count them."""
        self._reassembler.finish()


def _content(packet: IpPacket, link: Link) -> Transport | Inner:
    """Return what a whole packet carries: data of a transport, or another packet."""
    protocol, payload = packet.protocol, packet.payload
    if protocol == UDP:
        found = decode_udp(payload, is_cut=packet.is_cut)
        if found.destination_port in UDP_TUNNELS:
            return open_udp_tunnel(found.destination_port, found.payload) or found
        return found
    if protocol == TCP:
        return decode_tcp(payload)
    if protocol == SCTP:
        return decode_sctp(payload)
    if protocol in IP_TUNNELS:
        return open_ip_tunnel(packet, link)
    raise FrameError(Reason.OTHER_TRANSPORT, link.offset)
