"""One connection of a peer: bytes off the socket, TLS undone, handed to what cuts them."""

import socket
import ssl
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

READ_BYTES = 65_536
READS_PER_TURN = 4
HANDSHAKE_SECONDS = 10.0
# What began and does not go on: at any rate that is of use it takes less.
STALL_SECONDS = 120.0

_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))


class Refusal(StrEnum):
    """Why a connection was refused or closed."""

    STRANGER = "stranger"  # its address may not send
    TOO_MANY = "too_many"
    HANDSHAKE = "handshake"
    TLS_ON_PLAIN = "tls_on_plain"
    IDLE = "idle"
    STALLED = "stalled"  # in the middle of a packet or line
    NO_DESCRIPTOR = "no_descriptor"  # too many files are open


Answer = Callable[[bytes], bool]
"""Sends a few bytes back; False when there is no room for them now."""


class Cutter(Protocol):
    """Takes the bytes of one stream in order."""

    def feed(self, data: bytes) -> bool:
        """Take bytes; return False when the stream is lost and is to be closed."""
        ...

    def finish(self) -> None:
        """Note that nothing more comes."""
        ...

    @property
    def is_between(self) -> bool:
        """Whether nothing begun is held."""
        ...


class _Nothing:
    """Before the first byte."""

    is_between = True

    def feed(self, data: bytes) -> bool:
        return not data

    def finish(self) -> None:
        pass


class ClosedError(Exception):
    """The connection has ended; reason is None when the peer closed it as one does."""

    def __init__(self, reason: Refusal | None = None) -> None:
        super().__init__(reason or "closed")
        self.reason = reason


class Connection:
    """A socket of a peer, read without blocking."""

    def __init__(self, accepted: socket.socket, now: float, tls: ssl.SSLContext | None) -> None:
        """Take over an accepted socket; its cutter is still to be set."""
        accepted.setblocking(False)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            accepted.setsockopt(socket.IPPROTO_TCP, option, value)
        self.cutter: Cutter = _Nothing()
        self._unsent = b""
        self.began_at = self.heard_at = now
        self._is_plain = tls is None
        self._has_begun = False
        self._is_open = tls is None
        self.socket = accepted
        if tls is not None:
            self.socket = tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)

    def read(self, now: float) -> int:
        """Read some of what has arrived; return how many bytes. Raises ClosedError."""
        if not self._is_open and not self._shake_hands():
            return 0
        total = 0
        for _ in range(READS_PER_TURN):
            data = self._receive()
            if data is None:
                break
            if not data:
                raise ClosedError
            self._check_first(data)
            self.heard_at = now
            total += len(data)
            if not self.cutter.feed(data):
                raise ClosedError
            if len(data) < READ_BYTES and self._is_plain:
                break
        return total

    @property
    def has_more(self) -> bool:
        """Whether TLS holds bytes that the kernel does not tell of any more."""
        return (
            isinstance(self.socket, ssl.SSLSocket) and self._is_open and self.socket.pending() > 0
        )

    def overdue(self, now: float, idle_seconds: float) -> Refusal | None:
        """Return why it is to be closed now."""
        if not self._is_open:
            return Refusal.HANDSHAKE if now - self.began_at > HANDSHAKE_SECONDS else None
        silence = now - self.heard_at
        if idle_seconds and silence > idle_seconds:
            return Refusal.IDLE
        return Refusal.STALLED if silence > STALL_SECONDS and not self.cutter.is_between else None

    def answer(self, data: bytes) -> bool:
        """Send a few bytes, all or, if there is no room for them now, none."""
        self._send()
        if self._unsent or not self._is_open:
            return False
        self._unsent = data
        self._send()
        return True

    def close(self) -> None:
        """Give what was begun up, and close."""
        self.cutter.finish()
        self.socket.close()

    def _receive(self) -> bytes | None:
        """Return what has arrived, empty at the end of the stream, None when there is nothing."""
        try:
            return self.socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except (OSError, ValueError):
            # A reset, or records that are none: what came before is taken.
            raise ClosedError from None

    def _send(self) -> None:
        """Send what there is room for; the rest must go first, before anything else."""
        if self._unsent:
            try:
                sent = self.socket.send(self._unsent)
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except (OSError, ValueError):
                # The connection has ended, which reading tells.
                sent = len(self._unsent)
            self._unsent = self._unsent[sent:]

    def _shake_hands(self) -> bool:
        assert isinstance(self.socket, ssl.SSLSocket)
        try:
            self.socket.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            # The few kilobytes of a handshake always have room: writing is not waited for.
            return False
        except (OSError, ValueError):
            raise ClosedError(Refusal.HANDSHAKE) from None
        self._is_open = True
        return True

    def _check_first(self, data: bytes) -> None:
        """Refuse TLS where none is spoken: its speaker would wait for an answer for ever."""
        if self._is_plain and not self._has_begun and data.startswith(b"\x16\x03"):
            raise ClosedError(Refusal.TLS_ON_PLAIN)
        self._has_begun = True
