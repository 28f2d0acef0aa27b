"""HEP by HTTP: ``POST /hep`` for requests that want an answer, ``/ws`` for streams of messages.

A request is answered with 2xx only once the bus has acknowledged every packet accepted of it. Its
body is read whole before anything of it is taken, so that one that is cut leaves nothing behind.
A WebSocket message is taken as it comes, and not answered.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_ingest.intake import Intake
from hepscope_ingest.listeners.http_protocol import REQUEST_SECONDS, HepHttpServer
from hepscope_ingest.listeners.page_guard import PageGuard, client_of
from hepscope_ingest.listeners.problems import Problem, problem_details
from hepscope_ingest.listeners.requests import RequestLimits, Requests
from hepscope_ingest.listeners.tcp import ConnectionLimits
from hepscope_ingest.listeners.websocket import Messages
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Address, PeerTable
from hepscope_ingest.refusal import Refusal

SHOWN_PATH = 100


class HttpListener:
    """Serves HTTP at one address."""

    def __init__(
        self,
        listen: Listen,
        intake: Intake,
        peers: PeerTable,
        metrics: IngestMetrics,
        supervisor: Supervisor,
        *,
        limits: ConnectionLimits,
        requests: RequestLimits,
        origins: Sequence[str] = (),
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._intake = intake
        self._peers = peers
        self.requests = Requests(intake, peers, metrics, requests)
        messages = Messages(intake, peers, metrics, idle_seconds=limits.idle_seconds)
        app = Starlette(
            routes=[
                Route("/hep", self.requests.post, methods=["POST"]),
                WebSocketRoute("/ws", messages.serve),
                WebSocketRoute("/{path:path}", self._refuse_path),
            ],
            exception_handlers={HTTPException: self._refuse_request},
        )
        self._server = HepHttpServer(
            "HEP over HTTP (ingest.http)",
            PageGuard(app, origins, self._refuse),
            listen,
            supervisor,
            limits=limits,
            refuse=self._refuse,
            request_seconds=request_seconds,
        )

    @property
    def address(self) -> Listen:
        """Where it listens."""
        return self._server.address

    @property
    def name(self) -> str:
        """What logs call it."""
        return f"http {self.address}"

    @property
    def connections(self) -> int:
        """Connections open now."""
        return self._server.connections

    async def __aenter__(self) -> Self:
        """Bind and serve; raises StartupError when the address cannot be had."""
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the requests under way, then close."""
        await self._server.__aexit__(kind, error, trace)

    async def _refuse_request(self, request: Request, error: Exception) -> Response:
        """Answer a path or method that is not served: 404, 405."""
        assert isinstance(error, HTTPException)
        detail = f"{request.method} {request.url.path[:SHOWN_PATH]!r} is not served: POST /hep is"
        self._refuse(Refusal.BAD_REQUEST, client_of(request.scope), detail)
        return problem_details(Problem(error.status_code, detail))

    async def _refuse_path(self, socket: WebSocket) -> None:
        detail = f"a WebSocket at {socket.url.path[:SHOWN_PATH]!r}: /ws is served"
        self._refuse(Refusal.BAD_REQUEST, client_of(socket.scope), detail)
        await socket.close()

    def _refuse(self, reason: str, address: Address, detail: str) -> None:
        self._intake.refuse(reason, self._peers.endpoint(address).peer, detail)
