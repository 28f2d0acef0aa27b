"""What one connection has sent and nobody has taken yet, in pieces as they came.

Not an ``asyncio.StreamReader``: that one forgets what it holds when the connection breaks, and
what TCP has acknowledged to a peer must be taken whatever the peer does next. Reading stops
above HELD_BYTES and the peer's own TCP slows it down.
"""

import asyncio
from collections import deque

READ_BYTES = 64 * 1024
"""Given at once; a fair share between many connections."""

HELD_BYTES = 64 * 1024
"""Above it the connection is not read; what asyncio reads at once passes it by 256 KiB at most."""

UNREAD_ANSWER_BYTES = 4096
"""A peer that leaves so much of what it is sent unread is sent no more."""


class Inflow(asyncio.Protocol):
    """The receiving end of a connection, over TCP or TLS."""

    def __init__(self, *, is_tls: bool) -> None:
        self._is_tls = is_tls
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._is_over = False
        self._is_paused = False
        self._change = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hold a piece; stop reading when there is enough."""
        for at in range(0, len(data), READ_BYTES):
            self._pieces.append(data[at : at + READ_BYTES])
        self._held += len(data)
        if self._held > HELD_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._change.set()

    def eof_received(self) -> bool:
        """Note the end; a plain peer that only listens from now on may still be answered."""
        self._is_over = True
        self._change.set()
        return not self._is_tls

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end; what is held is still there to be read."""
        del exc
        self._is_over = True
        self._change.set()

    async def read(self) -> bytes:
        """Return the next piece, waiting for one; nothing once the peer is done."""
        while not self._pieces:
            if self._is_over:
                return b""
            self._change.clear()
            await self._change.wait()
        piece = self._pieces.popleft()
        self._held -= len(piece)
        if self._is_paused and self._held <= HELD_BYTES and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return piece

    def answer(self, data: bytes) -> bool:
        """Send something back; False when it was not sent, since the peer is gone or reads not."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > UNREAD_ANSWER_BYTES:
            return False
        transport.write(data)
        return True

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()
