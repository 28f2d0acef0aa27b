"""HEP over UDP: one datagram a packet, without any word about what arrived.

The socket is connected, so that the kernel passes on what the other side's machine says:
"port unreachable" comes with one of the next packets and means that the earlier ones are lost.
Everything else that gets lost on the way is silent; tcp:// is the choice that loses nothing.
"""

import errno
import select
import socket
from types import TracebackType
from typing import Self

from hepscope_capture.clock import Clock
from hepscope_capture.senders.sender import SendCounts, SendError
from hepscope_capture.senders.target import Target

# A full device queue empties in milliseconds; after a second it is no longer a queue.
_FULL_QUEUE_RETRIES = 100
_FULL_QUEUE_SECONDS = 0.01

# How long an answer of the last packet's destination may take to come back.
FAREWELL_SECONDS = 0.3


class UdpSender:
    """Sends each packet as a datagram."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._socket: socket.socket | None = None
        self.counts = SendCounts()

    def __enter__(self) -> Self:
        """Resolve the name and connect. Raises SendError."""
        target = self._target
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise SendError(f"cannot resolve {target.host}: {_text(error)}") from None
        # IPv4 first: with UDP a refusal comes too late to try the next address, and a name like
        # localhost has both while most servers listen on IPv4 only.
        family, kind, protocol, _, address = min(found, key=lambda row: row[0] != socket.AF_INET)
        try:
            self._socket = socket.socket(family, kind, protocol)
            self._socket.connect(address)
        except OSError as error:
            raise SendError(f"cannot send to {target}: {_text(error)}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        if self._socket:
            self._socket.close()

    def send(self, packet: bytes) -> None:
        """Send one datagram; one that is too large is counted. Raises SendError."""
        for _ in range(_FULL_QUEUE_RETRIES):
            try:
                self._connected.send(packet)
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    self.counts.too_large += 1
                    return
                if error.errno != errno.ENOBUFS:
                    self.counts.unsent += 1
                    raise self._failure(error) from None
                self._clock.sleep(_FULL_QUEUE_SECONDS)
            else:
                self.counts.sent += 1
                return
        self.counts.unsent += 1
        raise self._failure(OSError(errno.ENOBUFS, "the send queue stays full"))

    def flush(self) -> None:
        """Do nothing: datagrams are never kept back."""

    def finish(self) -> None:
        """Wait a moment for a refusal of the last packets. Raises SendError."""
        end = self._clock.elapsed_seconds() + FAREWELL_SECONDS
        while (left := end - self._clock.elapsed_seconds()) > 0:
            if not select.select([self._connected], [], [], left)[0]:
                return
            try:
                self._connected.recv(1)
            except OSError as error:
                raise self._failure(error) from None

    @property
    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise RuntimeError("the sender was not entered")
        return self._socket

    def _failure(self, error: OSError) -> SendError:
        if isinstance(error, ConnectionRefusedError):
            return SendError(f"{self._target} refused packets: nothing listens there")
        return SendError(f"cannot send to {self._target}: {_text(error)}")


def _text(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
