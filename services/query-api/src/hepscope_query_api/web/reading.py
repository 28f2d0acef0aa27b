"""Requests that only read: HEAD answered like GET, and work stopped for who has gone away.

A browser that reloads, or a script that gives up, closes its connection; the search that it
asked for would run on to its deadline and hold a connection of the pool all the while. So a
request is watched while it is answered, and cancelled when nobody waits for it any more. That
reaches the database: a cancelled statement is stopped there.

Bodies of such requests mean nothing (RFC 9110, 9.3.1) and are left unread by the endpoints, so
what arrives on the connection can be looked at here. Other methods pass through as they are.
"""

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hepscope_common.runtime import cancel

CLIENT_GONE = 499
"""Status for the metrics only, as proxies call it: nobody is there to read it."""


class Reading:
    """Serves GET and HEAD as long as the client is there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, is_head=scope["method"] == "HEAD")
        serving = asyncio.create_task(self._serve(scope, answer))
        leaving = asyncio.create_task(_client_gone(receive))
        done = asyncio.create_task(answer.done.wait())
        try:
            await asyncio.wait((serving, leaving, done), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(leaving)
            await cancel(done)
            await cancel(serving)
        if not serving.cancelled():
            serving.result()
        elif not answer.is_begun:
            await Response(status_code=CLIENT_GONE)(scope, receive, send)

    async def _serve(self, scope: Scope, answer: "_Answer") -> None:
        await self._app({**scope, "method": "GET"}, answer.receive, answer.send)


class _Answer:
    """One request and its answer, as the application sees them."""

    def __init__(self, send: Send, *, is_head: bool) -> None:
        self._send = send
        self._is_head = is_head
        self._asked = False
        self.is_begun = False
        self.done = asyncio.Event()
        """Set when all that HEAD wants was sent; what would follow may never end."""

    async def receive(self) -> Message:
        """Return a request without body, then wait: who leaves is cancelled, not told."""
        if self._asked:
            await asyncio.Event().wait()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        """Send a part of the answer; of HEAD the heads only."""
        if message["type"] == "http.response.start":
            self.is_begun = True
        elif self._is_head:
            if self.done.is_set():
                return
            self.done.set()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
