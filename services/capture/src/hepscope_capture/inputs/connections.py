"""The connections of one input: accepted, read in turns, closed when they are over or overdue."""

import selectors
import socket
import ssl
import time
from collections.abc import Callable

from hepscope_capture.inputs.connection import Answer, ClosedError, Connection, Cutter, Refusal
from hepscope_capture.inputs.counts import ServingCounts
from hepscope_capture.inputs.peers import Address, Peers

_ACCEPTS_PER_TURN = 16

OpenStream = Callable[[Address, Address, Answer], Cutter]
"""Makes what takes the bytes of a connection, from the peer's address, ours and a way back."""

Refuse = Callable[[Refusal, str], None]
"""Counts and tells that a peer at a host was refused."""


class Connections:
    """Those open now, up to a bound; all belong to one thread."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        peers: Peers,
        counts: ServingCounts,
        refuse: Refuse,
        *,
        most: int,
        idle_seconds: float,
    ) -> None:
        """Begin with none; each is registered with the selector while it is open."""
        self._selector = selector
        self._peers = peers
        self._counts = counts
        self._refuse = refuse
        self._most = most
        self._idle_seconds = idle_seconds
        self._open: dict[int, Connection] = {}

    def accept(
        self, listener: socket.socket, tls: ssl.SSLContext | None, open_stream: OpenStream
    ) -> bool:
        """Accept who waits; return False when no more files can be opened for now."""
        for _ in range(_ACCEPTS_PER_TURN):
            try:
                accepted, address = listener.accept()
            except (BlockingIOError, InterruptedError):
                return True
            except ConnectionError:
                continue
            except OSError:
                self._refuse(Refusal.NO_DESCRIPTOR, "")
                return False
            refusal = self._refusal_of(address[0])
            if refusal is not None:
                self._refuse(refusal, address[0])
                accepted.close()
                continue
            self._adopt(accepted, (address[0], address[1]), tls, open_stream)
        return True

    def read(self, ready: socket.socket) -> None:
        """Read some of what has arrived at a socket."""
        connection = self._open.get(ready.fileno())
        if connection is None:
            return
        try:
            self._counts.bytes += connection.read(time.monotonic())
        except ClosedError as closed:
            self._end(connection, closed.reason)

    def held(self) -> list[socket.socket]:
        """Return those that TLS holds bytes of, which the kernel does not tell any more."""
        return [one.socket for one in self._open.values() if one.has_more]

    def look(self, now: float) -> None:
        """Close what is overdue."""
        for connection in list(self._open.values()):
            reason = connection.overdue(now, self._idle_seconds)
            if reason is not None:
                self._end(connection, reason)

    def drain(self, deadline: float, flush: Callable[[], None]) -> None:
        """Take what the kernel holds, until then."""
        for connection in list(self._open.values()):
            try:
                while connection.read(time.monotonic()) and time.monotonic() < deadline:
                    flush()
            except ClosedError:
                self._end(connection, None)

    def close(self) -> None:
        """Close all."""
        for connection in list(self._open.values()):
            self._end(connection, None)

    def _refusal_of(self, host: str) -> Refusal | None:
        if not self._peers.allows(host):
            return Refusal.STRANGER
        return Refusal.TOO_MANY if len(self._open) >= self._most else None

    def _adopt(
        self,
        accepted: socket.socket,
        peer: Address,
        tls: ssl.SSLContext | None,
        open_stream: OpenStream,
    ) -> None:
        try:
            local = accepted.getsockname()
            connection = Connection(accepted, time.monotonic(), tls)
            connection.cutter = open_stream(peer, (local[0], local[1]), connection.answer)
        except OSError:
            # Gone before it was served.
            accepted.close()
            return
        self._counts.accepted += 1
        self._open[connection.socket.fileno()] = connection
        self._selector.register(connection.socket, selectors.EVENT_READ)

    def _end(self, connection: Connection, reason: Refusal | None) -> None:
        del self._open[connection.socket.fileno()]
        self._selector.unregister(connection.socket)
        if reason is not None:
            self._refuse(reason, _host_of(connection.socket))
        connection.close()
        self._counts.closed += 1


def _host_of(connection: socket.socket) -> str:
    try:
        return str(connection.getpeername()[0])
    except OSError:
        return ""
