"""Requests through a reverse proxy: as if they had come without it.

What trusted proxies say replaces peer, scheme and Host of the request before anything else looks
at them; from everybody else these headers are taken off and counted.
"""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.web.base_path import under
from hepscope_query_api.web.forwarded import NAMES, Ignored, Network, Told, is_trusted, read


class BehindProxy:
    """Makes the base path known, and takes the word of trusted proxies."""

    def __init__(
        self, app: ASGIApp, *, base_path: str, trusted: Sequence[Network], metrics: ApiMetrics
    ) -> None:
        self._app = app
        self._base_path = base_path
        self._trusted = trusted
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] in ("http", "websocket"):
            told = self._told(scope)
            base = self._base_path if told.prefix is None else told.prefix
            scope = under(base, _without_proxy(scope, told))
        await self._app(scope, receive, send)

    def _told(self, scope: Scope) -> Told:
        if not any(name in NAMES for name, _ in scope["headers"]):
            return Told()
        peer = scope.get("client")
        if peer is None or not is_trusted(peer[0], self._trusted):
            told = Told(ignored=frozenset({Ignored.UNTRUSTED_PEER}))
        else:
            told = read(scope["headers"], self._trusted)
        for reason in told.ignored:
            self._metrics.forwarded_ignored.add((reason,))
        return told


def _without_proxy(scope: Scope, told: Told) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name not in NAMES]
    if told.host is not None:
        headers = [(name, value) for name, value in headers if name != b"host"]
        headers.append((b"host", told.host.encode("latin-1")))
    changed = {**scope, "headers": headers}
    if told.scheme is not None:
        is_socket = scope["type"] == "websocket"
        changed["scheme"] = told.scheme.replace("http", "ws") if is_socket else told.scheme
    if told.client is not None:
        changed["client"] = (told.client, 0)
    return changed
