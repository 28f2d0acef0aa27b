"""Security headers of every response, and the last net under unexpected errors.

SIP is hostile text: whatever the page does with it, this policy lets no script run that did
not come as a file from this server, no other site frame the page, and nothing be loaded from
elsewhere.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hepscope_common.logs import get_logger
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.problems import Kind, ProblemError, response_of
from hepscope_query_api.web.base_path import base_path_of

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
EVENT_STREAM = "text/event-stream"
"""An answer of this type goes on; proxies must hand on each event as it comes (the second header
is nginx's), and not compress what would wait for more then."""

_log = get_logger("api")


class SecurityHeaders:
    """Adds HEADERS, and answers an error that nothing else caught with a problem."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith(EVENT_STREAM):
                    headers["Cache-Control"] = "no-store, no-transform"
                    headers["X-Accel-Buffering"] = "no"
                # Answers are of this moment, and may hold what a shared cache must not keep.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                # Too late for a status: cut the connection, so that nobody takes it for whole.
                raise
            self._metrics.problems.add((Kind.INTERNAL,))
            problem = ProblemError(Kind.INTERNAL, f"{type(error).__name__}; the log says more.")
            answer = response_of(problem, base_path_of(scope))
            await answer(scope, receive, send_with_headers)
