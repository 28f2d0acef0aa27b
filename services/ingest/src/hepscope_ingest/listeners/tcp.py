"""HEP over TCP: packets back to back, cut by the length in their heads.

A connection may be silent for hours, so none is closed for being idle; the kernel's keep-alive
finds dead peers. Garbage closes it once no packet begins within 64 KiB. While the bus is full
nobody reads, and the peer's own TCP slows it down: of each connection a few hundred kilobytes
are held at most (a packet, a reading, and what asyncio reads ahead).
"""

import asyncio
import asyncio.trsock
import contextlib
import socket
from types import TracebackType
from typing import Self

from hep import DecodeError, StreamDecoder
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor, cancel
from hepscope_common.settings import Listen
from hepscope_common.sockets import address_of, bind
from hepscope_ingest.intake import Intake
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Address, Endpoint, PeerTable
from hepscope_ingest.refusal import Refusal

READ_BYTES = 64 * 1024
"""Taken from a connection at once; a fair share between many connections."""

BACKLOG = 512

DRAIN_SECONDS = 2.5
"""For peers that go on sending; whoever stops is done as soon as all it sent is taken."""

_log = get_logger("ingest.tcp")


class TcpListener:
    """Accepts connections at one address."""

    def __init__(
        self,
        listen: Listen,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        max_connections: int,
    ) -> None:
        self._listen = listen
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._supervisor = supervisor
        self._max_connections = max_connections
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.trsock.TransportSocket] = {}
        self._is_closing = False
        self.address = listen

    @property
    def name(self) -> str:
        """What logs call it."""
        return f"tcp {self.address}"

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        """Bind and accept; raises StartupError when the address cannot be had."""
        bound = bind(self._listen, socket.SOCK_STREAM, "HEP over TCP")
        self.address = address_of(bound)
        self._server = await asyncio.start_server(
            self._accept, sock=bound, limit=READ_BYTES, backlog=BACKLOG
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Accept no more, take what has arrived, then close every connection."""
        assert self._server is not None
        self._is_closing = True
        self._server.close()
        for connection in self._connections.values():
            # What the kernel holds stays readable, then comes the end of the stream: whatever
            # was acknowledged to a peer by TCP is taken before the connection closes.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        if self._connections:
            await asyncio.wait(self._connections, timeout=DRAIN_SECONDS)
        for task in list(self._connections):
            await cancel(task)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task of ours, known from its first moment."""
        address = writer.get_extra_info("peername")
        # A peer that has gone already has no address; one that comes while we end is sent away.
        if address is None or self._is_closing:
            writer.transport.abort()
            return
        if len(self._connections) >= self._max_connections:
            self._intake.refuse(Refusal.CONNECTION_LIMIT, self._peers.endpoint(address).peer)
            writer.transport.abort()
            return
        connection = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        task = self._supervisor.start(self._converse(reader, writer, address), name=self.name)
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address
    ) -> None:
        try:
            await self._read(reader, address)
        except OSError as error:
            _log.debug("%s: connection lost: %s", address[0], error)
        finally:
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader, address: Address) -> None:
        decoder = StreamDecoder()
        while data := await reader.read(READ_BYTES):
            # Before taking, not behind: what was read ahead must not pass a bus that is full.
            if self._intake.blocked:
                await self._intake.unblocked()
            # Looked up each time: the table may have forgotten the peer since.
            endpoint = self._peers.endpoint(address)
            self._take(decoder, data, endpoint)
            if decoder.failure is not None:
                reason = decoder.failure.reason
                self._intake.refuse(reason, endpoint.peer, "connection closed")
                return
        if decoder.buffered:
            self._intake.refuse(Refusal.CUT_AT_CLOSE, self._peers.endpoint(address).peer)

    def _take(self, decoder: StreamDecoder, data: bytes, endpoint: Endpoint) -> None:
        """Take the packets that some bytes complete; a lost stream shows in the decoder."""
        skipped = decoder.skipped_bytes
        packets: list[bytes] = []
        with contextlib.suppress(DecodeError):
            packets = decoder.feed(data)
        self._metrics.skipped_bytes.add((), decoder.skipped_bytes - skipped)
        self._metrics.received.add(("tcp",), len(packets))
        for packet in packets:
            self._intake.take(packet, endpoint, keep_origin=True)
