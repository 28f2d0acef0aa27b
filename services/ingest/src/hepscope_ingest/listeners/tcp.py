"""HEP over TCP: packets back to back, cut by the length in their heads.

A connection may be silent for hours, so none is closed for being idle; the kernel's keep-alive
finds dead peers. Garbage closes it once no packet begins within 64 KiB. While the bus is full
nobody reads, and the peer's own TCP slows it down.
"""

import asyncio
import asyncio.trsock
import contextlib
import socket
from types import TracebackType
from typing import Self

from hep import DecodeError, StreamDecoder
from hepscope_common.logs import get_logger
from hepscope_common.settings import Listen
from hepscope_common.sockets import bind
from hepscope_ingest.intake import Intake
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Endpoint, PeerTable
from hepscope_ingest.refusal import Refusal

READ_BYTES = 256 * 1024
"""Taken from a connection at once; a fair share between many connections."""

BACKLOG = 512

_log = get_logger("ingest.tcp")


class TcpListener:
    """Accepts connections at one address."""

    drain_seconds = 5.0

    def __init__(
        self,
        listen: Listen,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        *,
        max_connections: int,
    ) -> None:
        self._listen = listen
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._max_connections = max_connections
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.trsock.TransportSocket] = {}
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
        self.address = Listen(host=self._listen.host, port=bound.getsockname()[1])
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
        self._server.close()
        for connection in self._connections.values():
            # What the kernel holds stays readable, then comes the end of the stream: whatever
            # was acknowledged to a peer by TCP is taken before the connection closes.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        if self._connections:
            await asyncio.wait(self._connections, timeout=self.drain_seconds / 2)
        for task in self._connections:
            task.cancel()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endpoint = self._peers.endpoint(writer.get_extra_info("peername"))
        if len(self._connections) >= self._max_connections:
            self._intake.refuse(Refusal.CONNECTION_LIMIT, endpoint.peer)
            writer.transport.abort()
            return
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = connection
        try:
            await self._read(reader, endpoint)
        except (ConnectionError, TimeoutError) as error:
            _log.debug("%s: connection lost: %s", endpoint.peer.name, error)
        finally:
            del self._connections[task]
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader, endpoint: Endpoint) -> None:
        decoder = StreamDecoder()
        while data := await reader.read(READ_BYTES):
            self._take(decoder, data, endpoint)
            if decoder.failure is not None:
                reason = decoder.failure.reason
                self._intake.refuse(reason, endpoint.peer, "connection closed")
                return
            if self._intake.blocked:
                await self._intake.unblocked()
        if decoder.buffered:
            self._intake.refuse(Refusal.CUT_AT_CLOSE, endpoint.peer)

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
