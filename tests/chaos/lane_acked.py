"""The acknowledged lane: HEP over TCP whose packets are kept until ingest says they are safe.

There may be several servers. A connection that was lost is made anew to the next of them, so that
an origin moves from one to another with packets on the way. It opens with a hello (a packet of
only the origin); the answer, an acknowledgement, must come within a second, else the server is not
taken for one of ours and the connection is given up. Then everything not acknowledged is sent
again, in order, before anything new. An acknowledgement of seq n lets go of every packet up to n.
One of a number that was never sent is a lie, noted in ``lies``. The number of a packet is its seq,
and the origin lasts for the whole run.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import cycle

from chaos.lane import Pace, wall_us
from chaos.numbers import LaneName, make_packet
from hep import DecodeError, StreamDecoder, decode3
from hep.acknowledgement import ORIGIN_BYTES, encode_hello

HELLO_SECONDS = 1.0
RECONNECT_SECONDS = 0.3
READ_BYTES = 64 * 1024

MAX_UNACKNOWLEDGED = 100_000
"""Packets kept, 60 MB; at this bound no more numbers are made."""


class NotOursError(ConnectionError):
    """The server did not answer the hello as ingest does."""


class AckedLane:
    """Sends packets until each is acknowledged; ``resent`` counts those sent again."""

    name = LaneName.HEP

    def __init__(
        self, ports: Sequence[int], *, rate: float, hello_seconds: float = HELLO_SECONDS
    ) -> None:
        self.pace = Pace(rate)
        self.origin = secrets.token_bytes(ORIGIN_BYTES)
        self.last = 0
        self.sent = 0
        self.resent = 0
        self.highest_ack = 0
        self.lies: list[int] = []
        self._ports = cycle(ports)
        self._hello_seconds = hello_seconds
        self._kept: deque[tuple[int, bytes]] = deque()
        self._all_safe = asyncio.Event()
        self._all_safe.set()
        self._settled = asyncio.Event()

    def acknowledged(self) -> AbstractSet[int]:
        """Every number up to the highest acknowledgement."""
        return frozenset(range(1, self.highest_ack + 1))

    async def run(self) -> None:
        """Send until ``finish`` was called and everything is acknowledged."""
        while not (self.pace.is_stopped and not self._kept):
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", next(self._ports))
            except OSError:
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            try:
                await self._converse(reader, writer)
            except* (OSError, DecodeError):
                await asyncio.sleep(RECONNECT_SECONDS)
            finally:
                writer.transport.abort()
        self._settled.set()

    async def finish(self, *, seconds: float) -> bool:
        """Make no more numbers; return whether all are acknowledged in time."""
        self.pace.stop()
        try:
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        except TimeoutError:
            return False
        return True

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = StreamDecoder()
        writer.write(encode_hello(self.origin))
        async with asyncio.timeout(self._hello_seconds):
            while not await self._hear(reader, decoder):
                pass
        # What was kept at this moment; later ones are new.
        again = list(self._kept)
        async with asyncio.TaskGroup() as both:
            listening = both.create_task(self._listen(reader, decoder))
            await self._send(writer, again)
            listening.cancel()

    async def _send(self, writer: asyncio.StreamWriter, again: list[tuple[int, bytes]]) -> None:
        for seq, packet in again:
            if seq > self.highest_ack:
                writer.write(packet)
                await writer.drain()
                self.sent += 1
                self.resent += 1
        while not self.pace.is_stopped:
            for _ in range(await self.pace.tick()):
                if len(self._kept) < MAX_UNACKNOWLEDGED:
                    writer.write(self._next())
                    await writer.drain()
                    self.sent += 1
        await self._all_safe.wait()

    def _next(self) -> bytes:
        self.last += 1
        packet = make_packet(
            self.name, self.last, time_us=wall_us(), origin=self.origin, seq=self.last
        )
        self._kept.append((self.last, packet))
        self._all_safe.clear()
        return packet

    async def _listen(self, reader: asyncio.StreamReader, decoder: StreamDecoder) -> None:
        while True:
            await self._hear(reader, decoder)

    async def _hear(self, reader: asyncio.StreamReader, decoder: StreamDecoder) -> bool:
        """Take what the server says next; return whether it was an acknowledgement of ours."""
        data = await reader.read(READ_BYTES)
        if not data:
            raise ConnectionResetError
        heard = False
        for packet in map(decode3, decoder.feed(data)):
            if packet.origin != self.origin or packet.ack is None:
                raise NotOursError
            heard = True
            self._let_go(packet.ack)
        return heard

    def _let_go(self, ack: int) -> None:
        if ack > self.last:
            self.lies.append(ack)
            return
        self.highest_ack = max(self.highest_ack, ack)
        while self._kept and self._kept[0][0] <= self.highest_ack:
            self._kept.popleft()
        if not self._kept:
            self._all_safe.set()
