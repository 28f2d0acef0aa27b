"""An interface that is captured by name: it may go down, vanish, and come back.

Down, the socket stays and goes on when it is up again. Gone, or another one under the same name,
it is opened anew. What the kernel counted is kept over all of that.
"""

import contextlib
import errno
import fcntl
import os
import socket
import struct
from dataclasses import replace
from pathlib import Path

from hepscope_capture.live.bpf import Program
from hepscope_capture.live.packet_socket import (
    ANY,
    NotPermittedError,
    Options,
    PacketSocket,
)
from hepscope_capture.live.ring import Ring, RingCounts, Work
from hepscope_common.logs import get_logger

# net/if.h, linux/sockios.h
_GET_FLAGS, _GET_INDEX, _UP, _RUNNING = 0x8913, 0x8933, 0x1, 0x40
_NAME_BYTES = 16

_STATISTICS = Path("/sys/class/net")
# What the card lost before the kernel saw it.
CARD_COUNTS = ("rx_dropped", "rx_missed_errors", "rx_fifo_errors", "rx_crc_errors")

_log = get_logger("capture.interface")


class Interface:
    """One name on the command line; ``any`` is all interfaces of the machine."""

    def __init__(self, name: str, options: Options) -> None:
        self.name = name
        self.drops = 0
        """Packets for which the ring had no room."""
        self.reopened = 0
        self.is_up = False
        self.counts = RingCounts()
        self._options = options
        self._socket: PacketSocket | None = None
        self._ring: Ring | None = None
        self._is_leaving = False

    @property
    def is_open(self) -> bool:
        """Whether there is a socket to poll."""
        return self._socket is not None

    def fileno(self) -> int:
        """Return the descriptor to poll, -1 without one."""
        return self._socket.fileno() if self._socket is not None else -1

    def open(self) -> None:
        """Begin to capture. Raises NotPermittedError, and OSError when it does not exist."""
        self._socket = PacketSocket(self.name, self._options)
        self._ring = Ring(self._socket.memory, self.counts)
        self.is_up = is_up(self.name, self._socket.fileno())

    def work_off(self, work: Work) -> bool:
        """Have the frames worked off that are ready next; return False while there are none."""
        return self._ring is not None and self._ring.work_off(work)

    def attach(self, program: Program) -> None:
        """Use another filter from now on."""
        self._options = replace(self._options, program=program)
        if self._socket is not None:
            self._socket.attach(program)

    def look_after(self) -> None:
        """See whether it is still there and up, or there again; add up what the kernel counted.

        To be called about once a second, and when polling tells of an error.
        """
        self._note_error()
        if self._socket is not None:
            self.drops += self._socket.take_statistics().drops
            if self._socket.index == _index(self.name, self._socket.fileno()):
                self._is_leaving = False
            elif not self._is_leaving:
                # Closed at the next look: the ring's last block is still to be handed over.
                self._is_leaving = True
            else:
                _log.warning("%s is gone; waiting for it", self.name)
                self.close()
        if self._socket is None:
            self._reopen()
        now_up = self._socket is not None and is_up(self.name, self._socket.fileno())
        if now_up != self.is_up:
            self.is_up = now_up
            _log.warning("%s is %s", self.name, "up" if now_up else "down")

    def card_counts(self) -> dict[str, int]:
        """Return what the card says it lost, as far as it says."""
        found: dict[str, int] = {}
        for count in CARD_COUNTS:
            with contextlib.suppress(OSError, ValueError):
                path = _STATISTICS / self.name / "statistics" / count
                found[count] = int(path.read_text())
        return found

    def close(self) -> None:
        """End; its counts stay."""
        if self._socket is not None:
            self._socket.close()
            self._socket = self._ring = None
            self._is_leaving = False

    def _note_error(self) -> None:
        """Take what befell the socket; down is the only thing that may."""
        if self._socket is None:
            return
        number = self._socket.take_error()
        if number not in (0, errno.ENETDOWN):
            _log.warning("%s: %s", self.name, os.strerror(number))

    def _reopen(self) -> None:
        try:
            self.open()
        except (OSError, NotPermittedError):
            # Not there yet; the next look comes.
            return
        self.reopened += 1
        _log.warning("%s is there again", self.name)


def is_up(name: str, descriptor: int | None = None) -> bool:
    """Say whether an interface is up and has a carrier."""
    return name == ANY or flags_of(name, descriptor) & (_UP | _RUNNING) == _UP | _RUNNING


def flags_of(name: str, descriptor: int | None = None) -> int:
    """Return the flags of an interface (net/if.h), 0 when there is none of that name."""
    (flags,) = struct.unpack("H", _ask(name, _GET_FLAGS, descriptor)[:2])
    return int(flags)


def _index(name: str, descriptor: int) -> int:
    if name == ANY:
        return 0
    (index,) = struct.unpack("i", _ask(name, _GET_INDEX, descriptor)[:4])
    return index or -1


def _ask(name: str, question: int, descriptor: int | None) -> bytes:
    """Return what the kernel answers about an interface, zeros when there is none of that name.

    A socket that is open asks best: there need not be a descriptor for another.
    """
    if descriptor is None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            return _ask(name, question, any_socket.fileno())
    request = struct.pack("16s16x", name.encode()[: _NAME_BYTES - 1])
    try:
        return fcntl.ioctl(descriptor, question, request)[_NAME_BYTES:]
    except OSError:
        return bytes(_NAME_BYTES)
