"""HTTP/1.1 connections that must not cost more than they bring.

uvicorn waits for a request as long as its sender likes. Here a request must have come whole
within a limit of seconds, answers must be read within as many, connections are counted from their
first moment, and the kernel finds those whose peer is gone; a WebSocket's pings keep its way open,
but a pong that we do not read while the bus is full ends nothing. A WebSocket peer can make us hold
a message of MAX_MESSAGE_BYTES in MAX_FRAGMENTS pieces, and MAX_UNREAD_BYTES of pongs, no more.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from http import HTTPStatus

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from hep import Reason
from hepscope_common.http import HttpServer
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.listeners.accepting import keep_alive
from hepscope_ingest.listeners.tcp import ConnectionLimits
from hepscope_ingest.peers import Address
from hepscope_ingest.refusal import Refusal

REQUEST_SECONDS = 60.0
"""From the first byte, or from the connection's beginning, to the end of the body; and for a peer
to read the answers that wait for it."""

MAX_MESSAGE_BYTES = 1024 * 1024
"""Of a WebSocket message; each connection may hold one."""

MAX_FRAGMENTS = 1024
"""Of a WebSocket message: empty ones add nothing to its length, and each is an object."""

MAX_UNREAD_BYTES = 64 * 1024
"""Pongs that a WebSocket peer may leave unread."""

READ_BYTES = 16 * 1024
"""Given to the parsers at once: of the least chunks and frames 30 ms of the event loop."""

MAX_HEADER_BYTES = 32 * 1024

PING_SECONDS = 20.0

TOO_LARGE = 1009
"""Close code: a message over the bound (RFC 6455, 7.4.1)."""

_STRANGER = "it does not speak HTTP; plain HEP is for an address of ingest.tcp"

# uvicorn logs a line for each request that is none; ours are throttled. Its errors are ours.
_quiet = logging.getLogger("hepscope.ingest.http.connection")
_quiet.setLevel(logging.ERROR)

Refuse = Callable[[str, Address, str], None]
"""Counts the refusal of a reason, of a peer, for a cause told in words."""


class HepHttpServer(HttpServer):
    """Serves one application to senders of HEP."""

    def __init__(
        self,
        name: str,
        app: ASGIApp,
        listen: Listen,
        supervisor: Supervisor,
        *,
        limits: ConnectionLimits,
        refuse: Refuse,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        super().__init__(name, app, listen, supervisor)
        self._limits = limits
        self._refuse = refuse
        self._request_seconds = request_seconds

    def make_config(self, app: ASGIApp) -> uvicorn.Config:
        """Return how the application is served."""
        config = super().make_config(app)
        config.http = _guarded(self._limits, self._refuse, self._request_seconds)
        config.ws = _listening_to(self._refuse)
        config.ws_max_size = MAX_MESSAGE_BYTES
        config.ws_ping_interval = PING_SECONDS
        config.ws_ping_timeout = None
        config.ws_per_message_deflate = False
        config.h11_max_incomplete_event_size = MAX_HEADER_BYTES
        return config


class _WebSocket(WebSocketsSansIOProtocol):
    """A connection of one HepHttpServer, after its upgrade; ``refuse`` is that server's."""

    refuse: Refuse

    def __init__(self, *args: object, **values: object) -> None:
        super().__init__(*args, **values)  # type: ignore[arg-type]  # uvicorn's own, unchanged
        self.logger = _quiet

    def send_receive_event_to_app(self) -> None:
        """Hand on a message; of a text only that it is one, since none is taken."""
        if self.curr_msg_data_type == "text":
            self.frames = [b""]
        super().send_receive_event_to_app()

    def data_received(self, data: bytes) -> None:
        """Take the messages before a fault, too; uvicorn drops what was read along with it."""
        self.conn.receive_data(data)
        self.handle_events()
        if self.conn.parser_exc is not None:
            self._tell_fault()
            self.handle_parser_exception()
        elif len(self.frames) > MAX_FRAGMENTS:
            self._cut(f"a message in more than {MAX_FRAGMENTS} fragments")
        elif self.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self._cut("it pings and does not read the answers")

    def handle_connect(self, event: Request) -> None:
        """Go on with an upgrade; count one that cannot be."""
        super().handle_connect(event)
        if self.response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._tell(Refusal.BAD_REQUEST, "an upgrade that is none")

    def _tell_fault(self) -> None:
        sent = self.conn.close_sent
        if sent is not None:
            reason = Reason.TOO_LARGE if sent.code == TOO_LARGE else Refusal.BAD_REQUEST
            self._tell(reason, str(sent.reason or sent.code))

    def _cut(self, cause: str) -> None:
        self._tell(Refusal.BAD_REQUEST, cause)
        self.frames = []
        self.transport.abort()

    def _tell(self, reason: str, detail: str) -> None:
        address = self.transport.get_extra_info("peername")
        if address is not None:
            type(self).refuse(reason, address, f"WebSocket: {detail}")


class _Guarded(H11Protocol):
    """A connection of one HepHttpServer; the three below are that server's."""

    limits: ConnectionLimits
    refuse: Refuse
    request_seconds: float

    def __init__(self, *args: object, **values: object) -> None:
        super().__init__(*args, **values)  # type: ignore[arg-type]  # uvicorn's own, unchanged
        self.logger = _quiet
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Refuse a connection too many; else serve it, its first request expected from now on."""
        if len(self.connections) >= self.limits.connections:
            self.transport = transport
            self._tell(Refusal.CONNECTION_LIMIT, "to an HTTP address")
            transport.abort()
            return
        with contextlib.suppress(OSError):
            keep_alive(transport.get_extra_info("socket"), self.limits.keepalive_seconds)
        # Of asyncio's own, and read at each turn: 256 kB may be 40,000 chunks or frames.
        transport.max_size = READ_BYTES  # type: ignore[attr-defined]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Go on with a request; its time runs until it is whole."""
        super().data_received(data)
        is_mine = self.transport.get_protocol() is self
        if is_mine and self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._expect()
        else:
            self._expect_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waits."""
        self._expect_nothing()
        self._is_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for a peer that does not read its answers, but not for ever."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.request_seconds, self._give_up_answers)

    def resume_writing(self) -> None:
        """Go on with a peer that reads again."""
        super().resume_writing()
        self._is_read()

    def shutdown(self) -> None:
        """End in good order what is being answered; a request that has not come whole, at once."""
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, as far as it can be answered, and count it."""
        self._tell(Refusal.BAD_REQUEST, _STRANGER)
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            # An answer is under way already.
            self.transport.abort()

    def _expect(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.request_seconds, self._give_up)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        # With a request begun, its body's reader finds it cut and counts that.
        if self.conn.their_state is h11.IDLE:
            self._tell(Refusal.IDLE, f"no request within {self.request_seconds:g} s")
        self.transport.abort()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _give_up_answers(self) -> None:
        self._unread = None
        self._tell(Refusal.IDLE, f"answers unread for {self.request_seconds:g} s")
        self.transport.abort()

    def _tell(self, reason: str, detail: str) -> None:
        address = self.transport.get_extra_info("peername")
        if address is not None:
            type(self).refuse(reason, address, detail)


def _guarded(limits: ConnectionLimits, refuse: Refuse, seconds: float) -> type[asyncio.Protocol]:
    """Return the protocol of one server; uvicorn makes the objects and knows nothing of ours."""
    values = {"limits": limits, "refuse": staticmethod(refuse), "request_seconds": seconds}
    return type("Guarded", (_Guarded,), values)


def _listening_to(refuse: Refuse) -> type[asyncio.Protocol]:
    """Return the protocol of one server's WebSocket connections."""
    return type("WebSocket", (_WebSocket,), {"refuse": staticmethod(refuse)})
