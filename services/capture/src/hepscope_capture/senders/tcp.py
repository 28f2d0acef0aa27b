"""HEP over TCP or TLS: packets back to back, as fast as the server reads.

Packets are handed to the kernel in chunks. If the connection breaks, a packet that was handed
over in part is sent again, whole, on the next connection; those before it may have arrived, so
they are not repeated. How many the server had not yet read cannot be told: HEP has no answers,
and what its machine acknowledged may still lie unread in a buffer that dies with the connection.
So as many as fit into the largest buffer count as perhaps lost, unless the server itself closed
the connection after everything had reached it.

The end is orderly: our half is closed, then the server closes its half once it has read
everything, or at least its machine has acknowledged everything.
"""

import os
import select
import socket
from types import TracebackType
from typing import Self

from hepscope_capture.clock import Clock
from hepscope_capture.senders.dialling import Dialler, explain
from hepscope_capture.senders.sender import SendCounts, SendError
from hepscope_capture.senders.target import Target
from hepscope_capture.senders.tcp_socket import (
    close_half,
    has_closed,
    read_now,
    unacknowledged_bytes,
)
from hepscope_capture.senders.unread import Unread

# A server that has not read a byte for so long does not work any more.
STALL_SECONDS = 60.0
# Packets are handed over when this much waits, or on flush.
FLUSH_BYTES = 65_536

# Waiting times before each try to get a lost connection back, seconds; then it is given up.
RECONNECT_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0)
# A connection that held so long was a good one: the tries start anew.
_STABLE_SECONDS = 10.0

# A server that has everything but does not close its half is let go after this.
LINGER_SECONDS = 2.0
_POLL_SECONDS = 0.05


class TcpSender:
    """Sends packets over a connection that is restored, within limits, when it breaks."""

    def __init__(
        self,
        target: Target,
        clock: Clock,
        *,
        stall_seconds: float = STALL_SECONDS,
        dialler: Dialler | None = None,
        connected: socket.socket | None = None,
        is_acknowledged: bool | None = None,
    ) -> None:
        """Make a sender; it connects by the dialler, unless it is given a connection to begin with.

        is_acknowledged is what its counts will say: False where the server was asked.
        """
        self._dialler = dialler or Dialler(target)
        self._given = connected
        self._stall_seconds = stall_seconds
        self._target = target
        self._clock = clock
        self._socket: socket.socket | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._unread = Unread()
        self._tries = 0
        self._connected_at = 0.0
        self.counts = SendCounts(is_acknowledged=is_acknowledged)

    def __enter__(self) -> Self:
        """Connect. Raises SendError."""
        try:
            self._connect()
        except (OSError, UnicodeError) as error:
            raise SendError(f"cannot connect to {self._target}: {explain(error)}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close at once."""
        self._close()

    def send(self, packet: bytes) -> None:
        """Send one packet, together with the next ones. Raises SendError."""
        self._waiting.append(packet)
        self._waiting_bytes += len(packet)
        if self._waiting_bytes >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand all waiting packets to the kernel, over a new connection if need be."""
        while self._waiting:
            try:
                self._look_for_close()
                self._hand_over()
            except TimeoutError:
                self._lose()
                raise self._failure("the server does not read") from None
            except OSError as error:
                self._reconnect(error)

    def finish(self) -> None:
        """Close our half and wait until the server's machine has everything. Raises SendError."""
        self.flush()
        connected = self._connected
        try:
            close_half(connected, _POLL_SECONDS)
            connected.settimeout(_POLL_SECONDS)
            self._await_close(connected)
        except OSError as error:
            self._lose()
            raise self._failure(f"{explain(error)} before everything had arrived") from None

    def _await_close(self, connected: socket.socket) -> None:
        """Return once the server has closed, or once it has everything and lingers."""
        unread, progress_at = self._unread.size, self._clock.elapsed_seconds()
        is_closed = False
        while not is_closed or unread:
            is_closed = is_closed or has_closed(connected)
            # A reset that comes behind the server's own close shows only here.
            if number := connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(number, os.strerror(number))
            now, left = self._clock.elapsed_seconds(), unacknowledged_bytes(connected)
            if left < unread:
                unread, progress_at = left, now
            if now - progress_at > self._stall_seconds:
                raise TimeoutError("the server stopped reading")
            if not left and now - progress_at > LINGER_SECONDS:
                return
            if is_closed and left:
                self._clock.sleep(_POLL_SECONDS)

    def _look_for_close(self) -> None:
        """Raise if the server has closed: the kernel would still take a chunk, and lose it."""
        connected = self._connected
        if not select.select([connected], [], [], 0)[0] or read_now(connected) != b"":
            return
        if not unacknowledged_bytes(connected):
            # A server that closes with bytes unread resets the connection instead.
            self._unread.clear()
        raise ConnectionResetError("the server closed the connection")

    def _hand_over(self) -> None:
        view = memoryview(b"".join(self._waiting))
        taken = 0
        try:
            while taken < len(view):
                taken += self._connected.send(view[taken:])
        finally:
            self._account(taken)

    def _account(self, taken: int) -> None:
        """Move the packets that were handed over whole; a part of one counts as nothing."""
        whole = 0
        for packet in self._waiting:
            if len(packet) > taken:
                break
            taken -= len(packet)
            whole += 1
            self._unread.add(len(packet))
            self._waiting_bytes -= len(packet)
        del self._waiting[:whole]
        self.counts.sent += whole

    def _lose(self) -> None:
        self.counts.maybe_lost += len(self._unread)
        self._unread.clear()

    def _connect(self) -> None:
        self._socket, self._given = self._given or self._dialler.dial(), None
        self._socket.settimeout(self._stall_seconds)
        self._connected_at = self._clock.elapsed_seconds()

    def _reconnect(self, reason: OSError) -> None:
        self._close()
        self._lose()
        if self._clock.elapsed_seconds() - self._connected_at > _STABLE_SECONDS:
            self._tries = 0
        while self._tries < len(RECONNECT_SECONDS):
            self._clock.sleep(RECONNECT_SECONDS[self._tries])
            self._tries += 1
            try:
                self._connect()
            except OSError as error:
                reason = error
            else:
                self.counts.reconnects += 1
                return
        raise self._failure(f"connection lost and not restored: {explain(reason)}")

    def _failure(self, text: str) -> SendError:
        self.counts.unsent += len(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        return SendError(f"{self._target}: {text}")

    def _close(self) -> None:
        if self._socket:
            self._socket.close()

    @property
    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise RuntimeError("the sender was not entered")
        return self._socket
