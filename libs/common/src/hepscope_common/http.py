"""An HTTP server as a component: uvicorn in our event loop, under our signals.

The socket is bound before anything else, so that a port in use is one clear line at start
and port 0 is known by its number.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Generator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from hepscope_common.runtime import StartupError, Supervisor, cancel
from hepscope_common.settings import Listen
from hepscope_common.sockets import bind

BACKLOG = 512

CLOSING_SECONDS = 30.0
"""A connection that was closed is given up when its peer takes nothing of the rest for so long."""

TICKS = 10
"""Of uvicorn, a second."""


class HttpServer:
    """Serves one ASGI application at one address."""

    drain_seconds = 10.0

    def __init__(self, name: str, app: ASGIApp, listen: Listen, supervisor: Supervisor) -> None:
        self.name = name
        self._app = app
        self._listen = listen
        self._supervisor = supervisor
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.address = listen

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        anywhere = self.address.host in ("0.0.0.0", "::", "127.0.0.1", "::1")  # noqa: S104
        return f"http://localhost:{self.address.port}" if anywhere else f"http://{self.address}"

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._server.server_state.connections) if self._server is not None else 0

    async def __aenter__(self) -> Self:
        """Bind and serve; raises StartupError when the address cannot be had."""
        bound = bind(self._listen, socket.SOCK_STREAM, self.name)
        bound.listen(BACKLOG)
        self.address = Listen(host=self._listen.host, port=bound.getsockname()[1])
        config = self.make_config(self._app)
        config.load()
        self._server = _Server(config)
        self._task = self._supervisor.start(self._serve(bound), name=self.name)
        try:
            await self._until_started(self._server, self._task)
        except BaseException:
            # Nobody exits what was not entered.
            await cancel(self._task)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the requests under way, then close."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.wait([self._task])

    def make_config(self, app: ASGIApp) -> uvicorn.Config:
        """Return how the application is served; a server with rules of its own overrides it."""
        return uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            # uvicorn would take any local peer's word for who asks.
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )

    async def _until_started(self, server: uvicorn.Server, task: asyncio.Task[None]) -> None:
        while not server.started:
            if task.done():
                raise StartupError(f"{self.name} did not start: {self._supervisor.failure}")
            await asyncio.sleep(0.01)

    async def _serve(self, bound: socket.socket) -> None:
        assert self._server is not None
        try:
            await self._server.serve(sockets=[bound])
        except SystemExit as error:
            # uvicorn would end the process here and now, with nothing drained.
            raise RuntimeError("the application refused to start") from error
        finally:
            bound.close()
        if not self._server.should_exit:
            raise RuntimeError(f"{self.name} ended by itself")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the runtime decides when to end.

    And without connections that never end: one that is closed waits until its peer has taken what
    was written before, and one that takes nothing would hold socket and memory for good.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._closing: dict[asyncio.Transport, tuple[int, float]] = {}
        """What is left to be taken, and since when it is as much."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture nothing."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end."""
        if counter % TICKS == 0:
            self._give_up()
        return await super().on_tick(counter)

    def _give_up(self) -> None:
        now, before, self._closing = time.monotonic(), self._closing, {}
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if not isinstance(transport, asyncio.Transport) or not transport.is_closing():
                continue
            left = transport.get_write_buffer_size()
            was, since = before.get(transport, (-1, now))
            self._closing[transport] = left, since if left == was else now
            if left == was and now - since >= CLOSING_SECONDS:
                transport.abort()
