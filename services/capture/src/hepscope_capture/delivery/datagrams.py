"""Many datagrams in one call of the kernel (sendmmsg(2)), which Python itself does not know.

Each call lets go of the interpreter's lock and takes it again; one for each datagram would make the
thread that captures wait as often. The kernel says how many it took, and of what stopped it
nothing, so that it must be found out: a full queue is avoided by asking for room before, what is
wrong with a datagram shows again when it is sent alone, and what is forgotten by then was the
refusal of an earlier one, which the kernel tells once.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
import termios
from collections.abc import Sequence
from itertools import accumulate

MOST = 256
"""Datagrams a call."""

_POINTER_BYTES = struct.calcsize("P")
# struct mmsghdr of sendmmsg(2): name and its length, pieces and their number, control data and its
# length, flags; then the bytes that were sent.
_MESSAGE = struct.Struct("PINNPNi0PI0P")

# What the kernel counts of a queue at most for a datagram: buffers are powers of two, with heads of
# their own, one for each fragment.
_HEADS_BYTES, _BYTES_A_BYTE = 2048, 3
# More of them fit than the kernel's default lets in: as much as it allows.
_QUEUE_BYTES = 4 * 1024 * 1024


class Datagrams:
    """A connected socket that does not block."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _QUEUE_BYTES)
        self._room = connected.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        self._pieces = ctypes.create_string_buffer(2 * _POINTER_BYTES * MOST)
        at = ctypes.addressof(self._pieces)
        heads = [
            _MESSAGE.pack(0, 0, at + 2 * _POINTER_BYTES * number, 1, 0, 0, 0, 0)
            for number in range(MOST)
        ]
        self._messages = ctypes.create_string_buffer(b"".join(heads))
        self._send_many = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._is_in_doubt = False  # the last call ended early

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def send(self, packets: Sequence[bytes], at: int, most: int = MOST) -> int:
        """Send some from a place on; return how many, at least one.

        Raises OSError for the first of them: EAGAIN for a full queue, EMSGSIZE for one that is too
        large, ECONNREFUSED when an earlier one was refused.
        """
        if self._is_in_doubt:
            self._is_in_doubt = False
            self._socket.send(packets[at])
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        sizes = list(map(len, packets[at : at + min(most, MOST)]))
        count = self._fitting(sizes)
        if count < 2:
            return self._send_one(packets[at])
        del sizes[count:]
        data = b"".join(packets[at : at + count])
        pieces = [0] * (2 * count)
        start = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
        pieces[::2] = accumulate(sizes[:-1], initial=start)
        pieces[1::2] = sizes
        struct.pack_into(f"{2 * count}N", self._pieces, 0, *pieces)
        sent: int = self._send_many(self._socket.fileno(), self._messages, count, 0)
        if sent < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self._is_in_doubt = sent < count
        return sent

    def hear(self) -> None:
        """Take in what has come. Raises ConnectionRefusedError when one was refused."""
        try:
            while self._socket.recv(2048):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close at once."""
        self._socket.close()

    def _send_one(self, packet: bytes) -> int:
        self._socket.send(packet)
        return 1

    def _fitting(self, sizes: Sequence[int]) -> int:
        """Return how many find room in the queue for certain."""
        queued: int
        (queued,) = struct.unpack("i", fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4)))
        room = self._room - queued
        each = _HEADS_BYTES + _BYTES_A_BYTE * max(sizes)
        return min(len(sizes), room // each)
