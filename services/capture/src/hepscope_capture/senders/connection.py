"""A connection that never makes its user wait, over TCP or TLS.

TLS has its own mind about reading and writing: a byte that came may hold no data, and what it
could not write must be offered again. That stays in here.
"""

import contextlib
import select
import socket
import ssl

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

    def wait(self, *others: socket.socket, is_sending: bool, seconds: float) -> None:
        """Return when something came, here or at another socket, or after this time.

        With is_sending also when there is room to send.
        """
        sending = [self._socket] if is_sending else []
        select.select([self._socket, *others], sending, [], max(seconds, 0.0))

    def release(self) -> socket.socket:
        """Return the socket, whose blocking is up to its new owner."""
        return self._socket

    def close(self) -> None:
        """Close; with TLS the other side is told, if there is room for that."""
        if isinstance(self._socket, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self._socket.unwrap()
        self._socket.close()
