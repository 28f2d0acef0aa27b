"""The ops port of a capture, by the standard library: health, readiness, metrics, version.

Answers as those of the other services do; HTTP/1.0, one request a connection. Requests are served
by threads, a bounded number of them, none for longer than a few seconds.
"""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from hepscope_capture.live.plan import CannotCaptureError
from hepscope_common import __version__
from hepscope_common.logs import get_logger
from hepscope_common.metrics import expose

# A scraper, a prober, and somebody who looks.
_MOST_REQUESTS = 8
_REQUEST_SECONDS = 5.0

_log = get_logger("capture.ops")

Readiness = Callable[[], tuple[bool, str]]
"""Returns whether a part is ready, and in words why not; must not block."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the port tells."""

    registry: CollectorRegistry
    checks: Mapping[str, Readiness]


class OpsServer:
    """Serves while it is entered."""

    def __init__(
        self, host: str, port: int, answers: Answers, *, request_seconds: float = _REQUEST_SECONDS
    ) -> None:
        """Bind. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = _Server(family, (host, port), answers, request_seconds)
        self._thread = threading.Thread(target=self._server.serve_forever, name="ops", daemon=True)

    @property
    def port(self) -> int:
        """The port that it is bound to."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def open_ops(address: tuple[str, int], answers: Answers) -> OpsServer:
    """Return the server at a host and port, bound and not serving yet.

    Raises CannotCaptureError.
    """
    host, port = address
    try:
        server = OpsServer(host, port, answers)
    except OSError as error:
        raise CannotCaptureError(f"ops port {host}:{port}: {error.strerror}") from None
    shown = f"[{host}]" if ":" in host else host
    _log.info("ops at http://%s:%d", shown, server.port)
    return server


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        family: socket.AddressFamily,
        address: tuple[str, int],
        answers: Answers,
        request_seconds: float,
    ) -> None:
        self.address_family = family
        self.answers = answers
        self._request_seconds = request_seconds
        self._room = threading.BoundedSemaphore(_MOST_REQUESTS)
        super().__init__(address, _Handler)

    def process_request(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        """Serve in a thread, or hang up when there are too many."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            # No thread to be had.
            self._room.release()
            raise

    def process_request_thread(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        """Serve, in the thread."""
        end = threading.Timer(self._request_seconds, _hang_up, (request,))
        end.daemon = True
        try:
            end.start()
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of those who hang up; whatever it is, it is theirs."""


def _hang_up(request: socket.socket) -> None:
    """End a request whose time is over: who sends a byte now and then would have it for ever."""
    with contextlib.suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        answers = self.server.answers
        path = self.path.partition("?")[0]
        if path == "/healthz":
            self._json(200, {"status": "ok"})
        elif path == "/readyz":
            results = {name: check() for name, check in answers.checks.items()}
            is_ready = all(ok for ok, _ in results.values())
            parts = {name: {"ready": ok, "detail": why} for name, (ok, why) in results.items()}
            self._json(200 if is_ready else 503, {"ready": is_ready, "parts": parts})
        elif path == "/version":
            self._json(200, {"name": "hepscope", "version": __version__})
        elif path == "/metrics":
            self._metrics(answers.registry)
        else:
            self._json(404, {"detail": "Not Found"})

    def _metrics(self, registry: CollectorRegistry) -> None:
        try:
            text, media_type = expose(registry, self.headers.get("Accept", ""))
        except Exception:  # noqa: BLE001 - a mistake of ours, to be told as one
            _log.exception("metrics cannot be read")
            self._json(500, {"detail": "metrics cannot be read"})
            return
        self._answer(200, text, media_type)

    def version_string(self) -> str:
        """Return the Server header: no versions for strangers."""
        return "hepscope"

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - its name there
        """Say nothing: a probe every few seconds is no event."""

    def _json(self, status: int, body: object) -> None:
        self._answer(status, json.dumps(body).encode(), "application/json")

    def _answer(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
