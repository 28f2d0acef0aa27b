"""A packet socket with a ring, as the kernel wants it made (packet(7), packet_mmap.txt).

Order matters: made without a protocol it gets no packets, so that none gets in before the filter
is there; the ring stands before it is bound. ``ANY`` is every interface of the machine.
"""

import ctypes
import errno
import os
import socket
import struct
from dataclasses import dataclass
from mmap import MAP_SHARED, PROT_READ, PROT_WRITE, mmap

from hepscope_capture.live.bpf import Program
from hepscope_capture.live.capability import net_raw
from hepscope_capture.live.filter import NOTHING

ANY = "any"

# linux/if_packet.h, linux/if_ether.h, asm-generic/socket.h
_SOL_PACKET = 263
_ADD_MEMBERSHIP, _RX_RING, _STATISTICS, _VERSION, _FANOUT = 1, 5, 6, 10, 18
# By addresses and ports, alike in both directions; fragments of IPv4 are joined before.
_HASH_AND_DEFRAGMENT = 0x8000
_TPACKET_V3 = 2
_EVERY_PROTOCOL = 3
_PROMISCUOUS = 1
_ATTACH_FILTER = 26

# A packet must fit one block; with offloads they have up to 64 KiB, on some cards 512.
BLOCK_BYTES = 1024 * 1024
# Of the packets' heads only; what follows may be as long as the block.
_FRAME_BYTES = 2048
# Until a block that is not full is handed over: the price is as much delay.
RETIRE_MS = 20

_STATISTICS_FORMAT = struct.Struct("=III")


NEEDED = "CAP_NET_RAW is needed (sudo; AmbientCapabilities= of systemd; cap_add of a container)"
"""What a user without the permission is told."""


class NotPermittedError(Exception):
    """The kernel lets only a process with CAP_NET_RAW capture."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to capture, the same for every interface."""

    program: Program
    ring_blocks: int
    is_promiscuous: bool = False
    fanout: int = 0  # group of sockets, 16 bits, that share the packets; 0 = each has them all


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the kernel counted since it was asked last."""

    packets: int  # those that the filter let through, drops included
    drops: int  # no room in the ring


class PacketSocket:
    """One bound socket and its mapped ring."""

    def __init__(self, name: str, options: Options) -> None:
        """Begin to capture an interface. Raises NotPermittedError, and OSError without it."""
        self.index = 0 if name == ANY else socket.if_nametoindex(name)
        try:
            with net_raw():
                self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise NotPermittedError from None
        try:
            self._socket.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
            # What came in before the group is joined would come in by each of its sockets.
            self.attach(NOTHING if options.fanout else options.program)
            size = BLOCK_BYTES * options.ring_blocks
            self._socket.setsockopt(_SOL_PACKET, _RX_RING, _ring_request(options.ring_blocks))
            self.memory = mmap(self._socket.fileno(), size, MAP_SHARED, PROT_READ | PROT_WRITE)
            _bind(self._socket, self.index)
            if options.fanout:
                self._join(options.fanout)
                self.attach(options.program)
            if options.is_promiscuous and self.index:
                # Undone by the kernel when the socket is gone, however that happens.
                membership = struct.pack("=iHH8s", self.index, _PROMISCUOUS, 0, b"")
                self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, membership)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._socket.fileno()

    def attach(self, program: Program) -> None:
        """Put a filter in place of the present one, between two packets."""
        code = ctypes.create_string_buffer(program, len(program))
        head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
        self._socket.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, head)

    def _join(self, group: int) -> None:
        word = struct.pack("=I", _HASH_AND_DEFRAGMENT << 16 | group)
        try:
            self._socket.setsockopt(_SOL_PACKET, _FANOUT, word)
        except OSError as error:
            # Older kernels take no socket into a group while its interface is down.
            if error.errno == errno.EINVAL:
                raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN)) from None
            raise

    def take_error(self) -> int:
        """Return and forget what befell the interface, an errno; 0 = nothing."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def take_statistics(self) -> Statistics:
        """Return what was counted since this was asked last."""
        raw = self._socket.getsockopt(_SOL_PACKET, _STATISTICS, _STATISTICS_FORMAT.size)
        packets, drops, _ = _STATISTICS_FORMAT.unpack(raw)
        return Statistics(packets, drops)

    def close(self) -> None:
        """End; what the ring still holds is lost."""
        self.memory.close()
        self._socket.close()


def _ring_request(blocks: int) -> bytes:
    frames = BLOCK_BYTES * blocks // _FRAME_BYTES
    return struct.pack("=7I", BLOCK_BYTES, blocks, _FRAME_BYTES, frames, RETIRE_MS, 0, 0)


def _bind(packet_socket: socket.socket, index: int) -> None:
    """Bind by number, also to none: Python itself binds only by a name."""
    address = struct.pack(
        "=HHiHBB8s", socket.AF_PACKET, socket.htons(_EVERY_PROTOCOL), index, 0, 0, 0, b""
    )
    library = ctypes.CDLL(None, use_errno=True)
    if library.bind(packet_socket.fileno(), address, len(address)):
        number = ctypes.get_errno()
        # Bound to one that is down: it is captured as soon as it is up.
        if number != errno.ENETDOWN:
            raise OSError(number, os.strerror(number))
