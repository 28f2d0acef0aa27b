"""A TCP proxy on 127.0.0.1 whose network can fail: one port before one other port.

Open, it passes bytes both ways, and the end of a stream too. Cut, every connection is reset and
new ones are refused. Stalled, connections stay open and new ones are taken, but no byte passes
until it is restored; then what waited goes on, as after a lost route. Each connection holds at
most one reading of 64 KiB a way beside what asyncio and the kernel buffer.
"""

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

READ_BYTES = 64 * 1024

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds


class Proxy:
    """Passes connections on to ``upstream``; comes from ``source`` there, if one is given."""

    def __init__(self, port: int, upstream: int, *, source: str | None = None) -> None:
        self.port = port
        self.upstream = upstream
        self._source = source
        self._server: asyncio.Server | None = None
        self._may_pass = asyncio.Event()
        self._may_pass.set()
        self._conversations: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._conversations)

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Reset every connection and listen no more."""
        await self.cut()

    async def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            _reset(writer)
        # Who waits for bytes to pass would not see its connection end.
        for task in list(self._conversations):
            task.cancel()
        if self._conversations:
            await asyncio.wait(self._conversations)

    def stall(self) -> None:
        """Let no byte pass; connections stay open."""
        self._may_pass.clear()

    async def restore(self) -> None:
        """End a cut or a stall."""
        self._may_pass.set()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, limit=READ_BYTES, reuse_address=True
        )

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:
            # It came while the network was being cut.
            _reset(writer)
            return
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        server: asyncio.StreamWriter | None = None
        is_done = False
        try:
            await self._may_pass.wait()
            answers, server = await asyncio.open_connection(
                "127.0.0.1",
                self.upstream,
                limit=READ_BYTES,
                local_addr=None if self._source is None else (self._source, 0),
            )
            self._writers.add(server)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, server))
                both.create_task(self._pass(answers, writer))
            is_done = True
        except* OSError:
            # One side reset, or nobody there: the other one is reset too.
            pass
        finally:
            for one in (writer, server):
                if one is not None:
                    self._writers.discard(one)
                    # Closing sends what is still buffered, a reset does not.
                    one.close() if is_done else _reset(one)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_BYTES):
            await self._may_pass.wait()
            writer.write(data)
            await writer.drain()
        await self._may_pass.wait()
        # A half closed: the other way may still have something to say.
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
