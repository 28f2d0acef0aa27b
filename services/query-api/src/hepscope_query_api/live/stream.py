"""A live stream as a response: what waits for one reader, sent as it comes."""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hepscope_query_api.live.events import HEARTBEAT, RETRY
from hepscope_query_api.live.live import Live
from hepscope_query_api.live.reader import Reader
from hepscope_query_api.live.statement import Filters

HEARTBEAT_SECONDS = 10.0


class LiveStream(Response):
    """Joins when it is sent, so that whoever joined also leaves; raises ProblemError before that.

    Who goes away is noticed by ``web.reading``, which cancels the request.
    """

    media_type = "text/event-stream"

    def __init__(self, live: Live, filters: Filters, after_us: int | None) -> None:
        super().__init__()
        # Its end is not known.
        del self.headers["content-length"]
        self._live = live
        self._filters = filters
        self._after_us = after_us

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send until the reader goes away or the process ends."""
        reader = self._live.join(self._filters, self._after_us)
        reader.is_sent_by(asyncio.current_task())
        try:
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            await _send_part(send, RETRY)
            while (part := await _next(reader)) is not None:
                await _send_part(send, part)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._live.leave(reader)


async def _next(reader: Reader) -> bytes | None:
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            return await reader.get()
    except TimeoutError:
        return HEARTBEAT


async def _send_part(send: Send, part: bytes) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": True})
