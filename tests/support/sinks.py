"""HEP servers for tests, on 127.0.0.1: what they were sent, and servers that misbehave.

A sink runs in a thread and ends with its ``with`` block. Bytes are kept as they came; cutting
them into packets is done by the length field alone, without the codec under test.
"""

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from support.siptools import free_port

# Longer than any healthy test takes, on a busy machine too.
PATIENCE_SECONDS = 120.0

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h


def cut_packets(data: bytes) -> list[bytes]:
    """Return the HEP3 packets in bytes that hold whole packets back to back."""
    packets, at = [], 0
    while at < len(data):
        assert data[at : at + 4] == b"HEP3"
        end = at + int.from_bytes(data[at + 4 : at + 6], "big")
        assert at + 6 <= end <= len(data)
        packets.append(data[at:end])
        at = end
    return packets


class TcpSink:
    """A TCP server; ``serve`` is called with each connection, one after the other."""

    def __init__(self, serve: Callable[["TcpSink", socket.socket], None] | None = None) -> None:
        self._serve = serve or TcpSink.read_all
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE_SECONDS)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_open = True
        self.connections: list[bytearray] = []
        self.served = 0
        self.port: int = self._socket.getsockname()[1]
        self.released = threading.Event()
        self._arrival = threading.Condition()

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and wait for the thread."""
        self.stop()

    @property
    def packets(self) -> list[bytes]:
        """The packets of all connections, in order."""
        return [packet for data in self.connections for packet in cut_packets(bytes(data))]

    def wait_for_bytes(self, count: int) -> bool:
        """Wait until the first connection has brought so many bytes; say whether it has."""
        with self._arrival:
            return self._arrival.wait_for(
                lambda: bool(self.connections) and len(self.connections[0]) >= count,
                PATIENCE_SECONDS,
            )

    def wait_for_connections(self, count: int) -> bool:
        """Wait until so many connections have been served to their end; say whether they were."""
        with self._arrival:
            return self._arrival.wait_for(lambda: self.served >= count, PATIENCE_SECONDS)

    def stop(self) -> None:
        """Refuse further connections; end the one that is served."""
        if self._is_open:
            self._is_open = False
            self.released.set()
            # Wakes the thread, whatever it waits for.
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS).close()
            self._thread.join(PATIENCE_SECONDS)
            self._socket.close()

    def read_all(self, connection: socket.socket) -> None:
        """Read until the client closes its half, then close."""
        while data := connection.recv(65_536):
            with self._arrival:
                self.connections[-1] += data
                self._arrival.notify_all()

    def read_and_reset(self, connection: socket.socket) -> None:
        """Read once, then break the connection."""
        self.connections[-1] += connection.recv(65_536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def keep_open(self, connection: socket.socket) -> None:
        """Read everything, but do not close before the sink stops."""
        self.read_all(connection)
        self.released.wait(PATIENCE_SECONDS)

    def _run(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if not self._is_open:
                    return
                connection.settimeout(PATIENCE_SECONDS)
                self.connections.append(bytearray())
                self._serve(self, connection)
            with self._arrival:
                self.served += 1
                self._arrival.notify_all()


class UdpSink:
    """A UDP socket that keeps datagrams in its buffer until they are asked for."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET) -> None:
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        widen(self._socket)
        self._socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        """Do nothing: it is bound already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self._socket.close()

    def packets(self, count: int = 0) -> list[bytes]:
        """Return the datagrams that have arrived, once there are so many.

        A kernel that is busy delivers on loopback, too, a while after the sender was told.
        """
        packets: list[bytes] = []
        while True:
            self._socket.settimeout(PATIENCE_SECONDS if len(packets) < count else 0)
            try:
                packets.append(self._socket.recv(65_536))
            except (BlockingIOError, TimeoutError):
                return packets


def widen(receiver: socket.socket, size: int = 4_000_000) -> None:
    """Give a socket room for thousands of packets that nobody reads yet.

    Root may have more than net.core.rmem_max, which on many machines is too little for that.
    """
    try:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except PermissionError:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def closed_port(kind: socket.SocketKind) -> int:
    """Return a port of 127.0.0.1 that nothing listens on, nor will by chance."""
    return free_port(kind)
