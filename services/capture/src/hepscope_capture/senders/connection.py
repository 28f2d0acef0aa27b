"""A connection that never makes its user wait, over TCP or TLS.

TLS has its own mind about reading and writing: a byte that came may hold no data, and what it
could not write must be offered again. That stays in here.
"""

import contextlib
import fcntl
import select
import socket
import ssl
import struct
import termios

READ_BYTES = 65_536

_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection:
    """Bytes both ways; every method that can fail raises OSError once it is broken."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        connected.setblocking(False)

    def receive(self) -> bytes | None:
        """Return what has come, nothing at the end of the stream, None while nothing has."""
        try:
            return self._socket.recv(READ_BYTES)
        except _NOT_NOW:
            return None

    def send(self, data: memoryview) -> int:
        """Return how many bytes were taken; what was not must be offered next."""
        try:
            return self._socket.send(data)
        except _NOT_NOW:
            return 0
        except OSError:
            # The other side's last word, an alert of TLS, says more than a pipe that is broken.
            self.receive()
            raise

    def wait(self, *, is_sending: bool, seconds: float) -> None:
        """Return when something came, or with is_sending there is room, or after this time."""
        sending = [self._socket] if is_sending else []
        select.select([self._socket], sending, [], max(seconds, 0.0))

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def unacknowledged_bytes(self) -> int:
        """Return what was given and the other machine has not acknowledged.

        0 where that is not known, as of a connection that is broken.
        """
        try:
            answer = fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int(struct.unpack("i", answer)[0])

    def close_half(self) -> None:
        """Tell the other side that nothing follows. Raises OSError and ValueError."""
        if isinstance(self._socket, ssl.SSLSocket):
            # Its answer need not come.
            with contextlib.suppress(*_NOT_NOW):
                self._socket.unwrap()
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close; with TLS the other side is told, if there is room for that."""
        if isinstance(self._socket, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self._socket.unwrap()
        self._socket.close()
