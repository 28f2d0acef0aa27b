"""A server that acknowledges as ingest does, or wrongly, as a test wants it; for ``TcpSink``."""

import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hep import HepPacket, StreamDecoder, decode3, encode_ack, is_hello
from support.sinks import TcpSink

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds

Serve = Callable[[TcpSink, socket.socket], None]
"""What a sink does with a connection."""

Answer = Callable[[bytes, int], bytes]
"""Makes the answer of an origin and the highest number that arrived."""


@dataclass
class AckingServer:
    """Serves one connection after the other, each for as many packets as its life says."""

    lives: Sequence[int] = ()
    """Packets after which a connection is reset, the last half unacknowledged; then for ever."""

    greet: Answer = encode_ack
    acknowledge: Answer = encode_ack
    stored: dict[int, HepPacket] = field(default_factory=dict)
    """By number: the first copy."""

    orders: list[list[int]] = field(default_factory=list)
    """The numbers of each connection, as they came."""

    origins: set[bytes] = field(default_factory=set)
    plain: list[HepPacket] = field(default_factory=list)
    """Packets without a number."""

    def __call__(self, _sink: TcpSink, connection: socket.socket) -> None:
        """Serve a connection to its end."""
        index, order = len(self.orders), list[int]()
        self.orders.append(order)
        life = self.lives[index] if index < len(self.lives) else None
        decoder, origin = StreamDecoder(), b""
        while data := connection.recv(4096):
            for packet in map(decode3, decoder.feed(data)):
                if is_hello(packet):
                    origin = packet.origin
                    self.origins.add(origin)
                    connection.sendall(self.greet(origin, 0))
                elif packet.seq is None:
                    self.plain.append(packet)
                else:
                    order.append(packet.seq)
                    self.stored.setdefault(packet.seq, packet)
            if life is not None and len(order) >= life:
                sure = order[: life // 2]
                if sure:
                    connection.sendall(encode_ack(origin, sure[-1]))
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                return
            if order and (answer := self.acknowledge(origin, max(order))):
                connection.sendall(answer)


def silence(_origin: bytes, _number: int) -> bytes:
    """No answer."""
    return b""
