"""Plain lanes: HEP over UDP and over TCP, as every agent in the field sends it.

Nothing is acknowledged, so nothing is promised; what was handed to the kernel is counted, to be
held against ingest's counters. Each comes from an address of its own, by which ingest counts.
"""

import asyncio
import contextlib
import socket
from collections.abc import Set as AbstractSet

from chaos.lane import Pace, wall_us
from chaos.numbers import LaneName, make_packet

RECONNECT_SECONDS = 0.3
SEND_BUFFER_BYTES = 4 * 1024 * 1024


class UdpLane:
    """Datagrams; ``sent`` counts those that the kernel took."""

    name = LaneName.UDP

    def __init__(self, port: int, *, rate: float, source: str = "127.0.0.1") -> None:
        self.pace = Pace(rate)
        self.last = 0
        self.sent = 0
        self._to = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._socket.bind((source, 0))

    def acknowledged(self) -> AbstractSet[int]:
        """Nothing: UDP promises nothing."""
        return frozenset()

    async def run(self) -> None:
        """Send until ``finish``."""
        with self._socket:
            while not self.pace.is_stopped:
                for _ in range(await self.pace.tick()):
                    self.last += 1
                    packet = make_packet(self.name, self.last, time_us=wall_us())
                    # A full buffer, or the answer to a datagram before this one.
                    with contextlib.suppress(OSError):
                        self._socket.sendto(packet, self._to)
                        self.sent += 1

    async def finish(self, *, seconds: float) -> bool:
        """Make no more numbers."""
        del seconds
        self.pace.stop()
        return True


class TcpLane:
    """One connection after the other; what lay in a broken one is not sent again.

    ``sent`` counts packets handed over as a whole, ``broken`` the connections lost.
    """

    name = LaneName.TCP

    def __init__(self, port: int, *, rate: float) -> None:
        self.pace = Pace(rate)
        self.last = 0
        self.sent = 0
        self.broken = 0
        self._port = port

    def acknowledged(self) -> AbstractSet[int]:
        """Nothing: plain HEP has no answers."""
        return frozenset()

    async def run(self) -> None:
        """Send until ``finish``."""
        while not self.pace.is_stopped:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(RECONNECT_SECONDS)
                # What was due meanwhile has no connection to go to.
                self.pace.due()
                continue
            try:
                await self._send(reader, writer)
            except OSError:
                self.broken += 1
                # Behind the proxy of a dead server every connection succeeds, and breaks.
                await asyncio.sleep(RECONNECT_SECONDS)
                self.pace.due()
            finally:
                writer.close()

    async def finish(self, *, seconds: float) -> bool:
        """Make no more numbers."""
        del seconds
        self.pace.stop()
        return True

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.pace.is_stopped:
            count = await self.pace.tick()
            # The server never says anything, so anything read is the end.
            if reader.at_eof() or reader.exception() is not None:
                raise ConnectionResetError
            for _ in range(count):
                self.last += 1
                writer.write(make_packet(self.name, self.last, time_us=wall_us()))
                await writer.drain()
                self.sent += 1
