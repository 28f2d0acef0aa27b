"""Keeps web pages of strangers out: browsers on the same network reach this port for them.

A page may post anywhere, and open WebSockets anywhere, without asking; what it cannot do is leave
out the header ``Origin``. So a request with one is refused before anything of it is read, unless
its site is allowed; then the browser is told so, in the way that it asks for (CORS, Fetch
section 3.2). Whoever is no browser notices nothing.
"""

from collections.abc import Sequence

from starlette.datastructures import Address as StarletteAddress
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from hepscope_ingest.listeners.http_protocol import Refuse
from hepscope_ingest.listeners.problems import Problem, problem_details
from hepscope_ingest.peers import Address
from hepscope_ingest.refusal import Refusal

ALLOWED_HEADERS = ("Authorization", "Content-Type", "X-Hep-Auth")

SHOWN_ORIGIN = 100

NOBODY = StarletteAddress("0.0.0.0", 0)  # noqa: S104 - of a peer that has gone already


class PageGuard:
    """Lets requests without an origin, or with an allowed one, through to an application."""

    def __init__(self, app: ASGIApp, origins: Sequence[str], refuse: Refuse) -> None:
        self._origins = frozenset(origins)
        self._refuse = refuse
        self._app = app
        if origins:
            self._app = CORSMiddleware(
                app,
                allow_origins=origins,
                allow_methods=["POST"],
                allow_headers=ALLOWED_HEADERS,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection, or answer 403."""
        said = Headers(scope=scope).getlist("origin") if "headers" in scope else []
        foreign = [origin for origin in said if origin not in self._origins]
        if not foreign:
            await self._app(scope, receive, send)
            return
        detail = f"a page of {foreign[0][:SHOWN_ORIGIN]!r}; ingest.http_origins does not name it"
        self._refuse(Refusal.ORIGIN, client_of(scope), detail)
        if scope["type"] == "websocket":
            # Before it is accepted, this is 403.
            await send({"type": "websocket.close"})
            return
        answer = problem_details(Problem(403, f"refused: {detail}"))
        await answer(scope, receive, send)


def client_of(scope: Scope) -> Address:
    """Return the address of a peer, zeros of one that has gone already."""
    return tuple(scope.get("client") or NOBODY)
