"""What the kernel wrote into a ring, as frames (TPACKET_V3, linux/if_packet.h).

Blocks are handed over one after the other; of each, the head tells how many packets follow, and
each packet its times, lengths, VLAN and interface. Integers have the machine's byte order but the
EtherType. Frames of Ethernet are taken from their link layer on, with the VLAN tag that the card
or the kernel took off put back; of other interfaces, which have no link layer of their own (tun,
tunnels, PPP), the packet is taken, under the EtherType that the kernel tells.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from mmap import mmap

from hepscope_capture.frame import Frame
from hepscope_capture.live.packet_socket import BLOCK_BYTES

_STATUS_AT = 8
_USER = 1
_BLOCK_HEAD = struct.Struct("=III").unpack_from  # status, packets, offset of the first
_STATUS = struct.Struct("=I")
# Distance of the next, seconds, nanoseconds, captured, wire, status, link and network offsets,
# hash, VLAN tag and EtherType, padding; then sockaddr_ll up to the device's type: family,
# EtherType, index, type.
_PACKET_HEAD = struct.Struct("=4x5I2H2IH10xH2siH").unpack_from
_STEP = struct.Struct("=I").unpack_from

_VLAN_VALID, _VLAN_TYPE_VALID = 0x10, 0x40
_DEFAULT_TAG = 0x8100
_TAG = struct.Struct("!HH").pack
_ADDRESSES_BYTES = 12

# net/if_arp.h: what has an Ethernet head. The loopback has one of zeros.
_ETHERNET_LIKE = frozenset((1, 772))

# LINKTYPE numbers.
_ETHERNET, _RAW_IP, _COOKED = 1, 101, 113
_IP = frozenset((b"\x08\x00", b"\x86\xdd"))


@dataclass(slots=True)
class RingCounts:
    """What came out of a ring."""

    frames: int = 0
    cut: int = 0  # frames longer than the snap length


Work = Callable[["Ring", int, int], None]
"""Works off so many frames, of which the first is at a place of the ring's memory."""


class Ring:
    """Gives the blocks of one ring in their order."""

    def __init__(self, memory: mmap, counts: RingCounts) -> None:
        self.memory = memory
        self._blocks = len(memory) // BLOCK_BYTES
        self._next = 0
        self._counts = counts

    def work_off(self, work: Work) -> bool:
        """Have the next block worked off and give it back; return False when it is not ready."""
        memory, start = self.memory, self._next * BLOCK_BYTES
        status, count, first = _BLOCK_HEAD(memory, start + _STATUS_AT)
        if not status & _USER:
            return False
        work(self, start + first, count)
        self._counts.frames += count
        _STATUS.pack_into(memory, start + _STATUS_AT, 0)
        self._next = (self._next + 1) % self._blocks
        return True

    def frame(self, at: int) -> Frame:
        """Return the frame at a place of the block that is being worked off."""
        found = _frame(self.memory, at)
        if found.wire_length > len(found.data):
            self._counts.cut += 1
        return found

    def next_place(self, at: int) -> int:
        """Return the place of the frame behind it."""
        step: int = _STEP(self.memory, at)[0]
        return at + step


def _frame(memory: mmap, at: int) -> Frame:
    (seconds, nanos, captured, wire, status, link, network, _, tag, tag_type, _, kind, _,
     device) = _PACKET_HEAD(memory, at)  # fmt: skip
    time_us = seconds * 1_000_000 + nanos // 1000
    end = at + link + captured
    if device in _ETHERNET_LIKE:
        data = memory[at + link : end]
        if status & _VLAN_VALID and captured >= _ADDRESSES_BYTES:
            outer = tag_type if status & _VLAN_TYPE_VALID else _DEFAULT_TAG
            data = data[:_ADDRESSES_BYTES] + _TAG(outer, tag) + data[_ADDRESSES_BYTES:]
            wire += 4
        return Frame(time_us, _ETHERNET, data, wire)
    data = memory[at + network : end]
    wire -= network - link
    if kind in _IP:
        return Frame(time_us, _RAW_IP, data, wire)
    # As the cooked capture of libpcap has it: the EtherType at the end of sixteen bytes.
    return Frame(time_us, _COOKED, bytes(14) + kind + data, wire + 16)
