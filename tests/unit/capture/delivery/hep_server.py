"""A HEP server that can be stopped, stalled and started again on one port, and what it has stored.

It stores as hepscope does: of each origin only numbers above the highest stored. What it received
and did not acknowledge before it was killed is lost to it.
"""

import contextlib
import select
import socket
import struct
import threading
from types import TracebackType
from typing import Self

from hep import HepPacket, StreamDecoder, decode3, encode3, encode_ack, is_hello
from support.siptools import free_port

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds


def hep(number: int, size: int = 400, more: bytes = b"") -> bytes:
    """A packet whose payload begins with a number."""
    payload = b"%08d" % number + bytes(size) + more
    return encode3(HepPacket(source=bytes(4), destination=bytes(4), payload=payload))


def number_in(packet: HepPacket) -> int:
    """The number that ``hep`` put there."""
    return int(packet.payload[:8])


class HepServer:
    """Listens on one port of this machine, over any number of lives."""

    def __init__(
        self, *, is_acking: bool = True, closes_on_hello: bool = False, port: int = 0
    ) -> None:
        self.is_acking = is_acking
        self.closes_on_hello = closes_on_hello
        self.hellos = 0
        self.is_stalled = threading.Event()
        """Set: nothing is acknowledged; a plain server does not read."""
        self.stored: list[int] = []
        """The numbers of packets as they were stored, in that order."""
        self.received = 0
        """Packets, however often they came."""
        self.received_bytes = 0
        self.origins: list[bytes] = []
        """As they greeted."""
        self.kept: dict[bytes, int] = {}
        """The highest number stored, by origin."""
        # None that anybody is given by chance between two lives.
        self.port = port or free_port(socket.SOCK_STREAM)
        self._listening: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        """Listen."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.is_stalled.clear()
        self.kill()

    def start(self) -> None:
        """Begin a life."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        thread = threading.Thread(target=self._accept, args=(self._listening,), daemon=True)
        thread.start()
        self._threads.append(thread)

    def kill(self) -> None:
        """End a life: connections are reset, the port refuses."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        self.break_connections()
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()

    def break_connections(self) -> None:
        """Reset every connection; new ones are accepted."""
        with self._turn:
            connections, self._connections = self._connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                connection.shutdown(socket.SHUT_RD)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with self._turn:
                if self._listening is not listening:
                    connection.close()
                    return
                self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        decoder, origin = StreamDecoder(), b""
        waiting: list[HepPacket] = []
        connection.settimeout(0.02)
        with connection, contextlib.suppress(ConnectionError, BrokenPipeError):
            while True:
                if self.is_stalled.is_set() and not self.is_acking:
                    if connection not in self._connections:
                        return
                    select.select([], [], [], 0.02)
                    continue
                try:
                    data = connection.recv(65_536)
                except TimeoutError:
                    data = None
                if data == b"":
                    return
                self.received_bytes += len(data or b"")
                for packet in map(decode3, decoder.feed(data or b"")):
                    if is_hello(packet):
                        self.hellos += 1
                        if self.closes_on_hello:
                            return
                        if self.is_acking:
                            origin = packet.origin
                            with self._turn:
                                self.origins.append(origin)
                            # A process that was started anew knows nothing of the one before.
                            connection.sendall(encode_ack(origin, 0))
                    else:
                        waiting.append(packet)
                if waiting and not (self.is_stalled.is_set() and self.is_acking):
                    self._store(waiting)
                    if self.is_acking:
                        connection.sendall(encode_ack(origin, waiting[-1].seq or 0))
                    waiting.clear()

    def _store(self, packets: list[HepPacket]) -> None:
        with self._turn:
            self.received += len(packets)
            for packet in packets:
                if packet.seq is not None:
                    if packet.seq <= self.kept.get(packet.origin, 0):
                        continue
                    self.kept[packet.origin] = packet.seq
                self.stored.append(number_in(packet))
