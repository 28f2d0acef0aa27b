"""What repeats from packet to packet, so that what follows from it is looked up.

That is what the kernel says of the link (link layer, VLAN tag, interface), the first bytes of a
frame (MAC addresses, EtherType, version, class of service), and addresses with ports. Each table
works out what it does not know yet, and forgets everything once there is too much: there may be as
many as strangers like.
"""

import struct

from hep.chunks import chunk
from hepscope_capture.decode.tunnels import UDP_TUNNELS
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.form import Form
from hepscope_capture.media.heard import PORTS, datagram_of
from hepscope_capture.packets import MACS_BYTES, extra_of

LINK_AT = 82
"""Where the kernel puts an Ethernet frame behind the head of its packet (linux/if_packet.h)."""

SAID_BYTES = 38
"""Of a packet's head and address, from the status to the device's type."""

FLOW_BYTES = 12
"""Of IPv4: addresses and ports."""

_KEPT = 8192

# Status, link; VLAN tag, its EtherType; the device's type.
_SAID = struct.Struct("=IH6xIH18xH").unpack
_ETHERNET_LIKE = frozenset((1, 772))  # net/if_arp.h
_VLAN_VALID, _VLAN_MASK = 0x10, 0x0FFF
# 0: from before the kernel told.
_TAGS = frozenset((0, 0x8100, 0x88A8, 0x9100))
_IPV4, _WITHOUT_OPTIONS = b"\x08\x00", 0x45
_IPV6, _VERSION_6 = b"\x86\xdd", 6


class Links(dict[bytes, "Extras"]):
    """Extras by what the kernel says of a packet's link, for one version of IP."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = version
        self._kept = 0

    def __missing__(self, said: bytes) -> "Extras":
        """Return and keep what is not known yet."""
        status, link, tag, tag_type, device = _SAID(said)
        is_usual, vlan = link == LINK_AT and device in _ETHERNET_LIKE, 0
        if status & _VLAN_VALID:
            is_usual &= tag_type in _TAGS
            vlan = tag & _VLAN_MASK
        self.make_room()
        self[said] = found = Extras(self, vlan if is_usual else None)
        return found

    def make_room(self) -> None:
        """Let one more be kept, here or in the extras."""
        if self._kept >= _KEPT:
            self._kept = 0
            for extras in self.values():
                extras.clear()
            self.clear()
        self._kept += 1


class Extras(dict[bytes, bytes | None]):
    """The chunks behind the payload by a frame's first 16 bytes; None for a frame that is odd."""

    def __init__(self, links: Links, vlan: int | None) -> None:
        super().__init__()
        self._links = links
        self._vlan = vlan

    def __missing__(self, head: bytes) -> bytes | None:
        """Return and keep what is not known yet."""
        self._links.make_room()
        self[head] = found = self._work_out(head)
        return found

    def _work_out(self, head: bytes) -> bytes | None:
        if self._vlan is None:
            return None
        if self._links.version == _VERSION_6:
            is_usual = head[12:14] == _IPV6 and head[14] >> 4 == _VERSION_6
            tos = (head[14] & 0x0F) << 4 | head[15] >> 4
        else:
            is_usual = head[12:14] == _IPV4 and head[14] == _WITHOUT_OPTIONS
            tos = head[15]
        if not is_usual:
            return None
        sample = datagram_of((0, bytes(FLOW_BYTES), b""))
        sample.vlan, sample.tos, sample.macs = self._vlan, tos, head[:MACS_BYTES]
        return b"".join(chunk(*one) for one in extra_of(sample))


class Flows(dict[bytes, bytes]):
    """What a packet has between its length and its time, by addresses and ports as in a frame.

    Nothing for ports that are not asked for.
    """

    def __init__(self, form: Form, ports: frozenset[int] | None, counts: FrameCounts) -> None:
        super().__init__()
        self._form = form
        self._ports = ports
        self._counts = counts

    def __missing__(self, flow: bytes) -> bytes:
        """Return and keep what is not known yet."""
        if len(self) >= _KEPT:
            self.clear()
        width = (len(flow) - 4) // 2
        source, destination = flow[:width], flow[width:-4]
        ports = PORTS(flow, 2 * width)
        is_wanted = self._ports is None or not self._ports.isdisjoint(ports)
        # What is inside of a tunnel is the long way's affair.
        is_wanted &= ports[1] not in UDP_TUNNELS
        if is_wanted and self._ports is not None:
            self._counts.hosts.add(source, destination)
        found = self._form.places(source, destination, flow[-4:-2], flow[-2:]) if is_wanted else b""
        self[flow] = found
        return found
