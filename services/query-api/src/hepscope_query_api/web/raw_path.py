"""Call-IDs in paths: kept percent-encoded until the endpoint takes them apart.

A Call-ID may hold ``/``, which arrives as ``%2F``. Servers hand on a decoded path, in which it
is a separator like any other, so routes could not find their parts again. This middleware
routes by the path as it was sent; ``call_id_of`` decodes the one segment.
"""

from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from hepscope_common.calls.bounds import stored_call_id
from hepscope_query_api.query.pattern import stored_text

PREFIX = b"/api/v1/calls/"


class RawCallPath:
    """Routes everything under PREFIX by its undecoded path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        raw: bytes | None = scope.get("raw_path")
        if scope["type"] == "http" and raw is not None and raw.startswith(PREFIX):
            scope = {**scope, "path": raw.decode("utf-8", "replace")}
        await self._app(scope, receive, send)


def call_id_of(segment: str) -> str:
    """Return the Call-ID of a path segment, in the form in which it is stored.

    Spaces around it are left out: no Call-ID has them, and one of only dots can be sent by
    browsers, which would resolve it, no other way (``..%20``).
    """
    return stored_id(unquote(segment, errors="replace").strip(" "))


def stored_id(text: str) -> str:
    """Return a decoded Call-ID in the form in which it is stored."""
    return stored_call_id(stored_text(text))
