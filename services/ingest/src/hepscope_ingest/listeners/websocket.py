"""HEP over WebSocket: each binary message holds packets, and none is answered.

A sender that is faster than the bus is slowed by TCP: the next message is read once this one is
taken. What of a message is refused is counted and leaves the connection open; a text message
closes it, since its sender speaks something else.
"""

import asyncio

from starlette.types import Message
from starlette.websockets import WebSocket

from hepscope_ingest.intake import Intake
from hepscope_ingest.listeners.bodies import cut, key_of, with_key
from hepscope_ingest.listeners.page_guard import client_of
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Endpoint, PeerTable
from hepscope_ingest.refusal import Refusal
from hepscope_ingest.turns import Turn

SUBPROTOCOL = "hep"

UNSUPPORTED = 1003
"""Close code: a kind of message that is not taken (RFC 6455, 7.4.1)."""

GOING_AWAY = 1001

PACKETS_AT_ONCE = 16
"""Between two looks at the time, and at the bus."""


class Messages:
    """Takes the messages of WebSocket connections."""

    def __init__(
        self, intake: Intake, peers: PeerTable, metrics: IngestMetrics, *, idle_seconds: float
    ) -> None:
        """Take messages; idle_seconds without one end a connection, 0 = never."""
        self._intake = intake
        self._peers = peers
        self._metrics = metrics
        self._idle_seconds = idle_seconds or None

    async def serve(self, socket: WebSocket) -> None:
        """Take everything that one connection sends."""
        is_asked = SUBPROTOCOL in socket.scope.get("subprotocols", ())
        await socket.accept(subprotocol=SUBPROTOCOL if is_asked else None)
        key, turn = key_of(socket.scope["headers"]), Turn()
        while (message := await self._next(socket))["type"] == "websocket.receive":
            endpoint = self._peers.endpoint(client_of(socket.scope))
            data = message.get("bytes")
            if data is None:
                self._intake.refuse(Refusal.BAD_REQUEST, endpoint.peer, "a text message at /ws")
                await socket.close(UNSUPPORTED, "only binary messages are taken")
                return
            await self._take(data, endpoint, key, turn)
            await turn.rest()

    async def _next(self, socket: WebSocket) -> Message:
        """Return the next message, or the end of a connection that is silent for too long."""
        try:
            async with asyncio.timeout(self._idle_seconds):
                return await socket.receive()
        except TimeoutError:
            peer = self._peers.endpoint(client_of(socket.scope)).peer
            self._intake.refuse(Refusal.IDLE, peer, f"for {self._idle_seconds:g} s at /ws")
            await socket.close(GOING_AWAY, "silent for too long")
            return {"type": "websocket.disconnect"}

    async def _take(self, data: bytes, endpoint: Endpoint, key: bytes | None, turn: Turn) -> None:
        found = cut(data)
        self._metrics.received.add(("ws",), len(found.packets))
        self._metrics.skipped_bytes.add((), found.skipped_bytes)
        for at in range(0, len(found.packets), PACKETS_AT_ONCE):
            if self._intake.blocked:
                await self._intake.unblocked()
            await turn.rest()
            for packet in found.packets[at : at + PACKETS_AT_ONCE]:
                self._intake.take(with_key(packet, key), endpoint)
        if found.failure is not None:
            self._intake.refuse(found.failure, endpoint.peer, "the rest of a WebSocket message")
