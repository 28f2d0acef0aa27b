"""The HTTP lane: POST /hep with one or several packets, each promised by a 2xx, servers in turn.

A request that failed, or whose answer did not come, is not sent again: its packets may or may not
be on the bus, and a second request would be a second delivery, which HTTP has no numbers to tell.
So what this lane proves is one direction: what was answered with 2xx is kept.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import cycle

import httpx

from chaos.lane import Pace, wall_us
from chaos.numbers import LaneName, make_packet

MAX_REQUESTS = 8
"""Requests under way; at this bound no more numbers are made."""

GATHER_SECONDS = 0.1
"""Packets of so long go into one request."""


class HttpLane:
    """Posts packets; ``answers`` counts the status codes, 0 where there was none."""

    name = LaneName.HTTP

    def __init__(self, ports: Sequence[int], *, rate: float, timeout_seconds: float = 15.0) -> None:
        self.pace = Pace(rate)
        self.last = 0
        self.sent = 0
        self.answers: Counter[int] = Counter()
        self._urls = cycle([f"http://127.0.0.1:{port}/hep" for port in ports])
        self._timeout_seconds = timeout_seconds
        self._acknowledged: set[int] = set()
        self._requests: set[asyncio.Task[None]] = set()

    def acknowledged(self) -> AbstractSet[int]:
        """Numbers of requests that were answered with 2xx."""
        return self._acknowledged

    async def run(self) -> None:
        """Post until ``finish``."""
        limits = httpx.Limits(max_connections=MAX_REQUESTS)
        async with httpx.AsyncClient(
            trust_env=False, timeout=self._timeout_seconds, limits=limits
        ) as client:
            while not self.pace.is_stopped:
                await asyncio.sleep(GATHER_SECONDS)
                count = self.pace.due()
                if count and len(self._requests) < MAX_REQUESTS:
                    self._begin(client, count)
            while self._requests:
                await asyncio.wait(self._requests)

    async def finish(self, *, seconds: float) -> bool:
        """Make no more numbers; requests under way end by their own timeout."""
        self.pace.stop()
        if self._requests:
            _, late = await asyncio.wait(self._requests, timeout=seconds)
            return not late
        return True

    def _begin(self, client: httpx.AsyncClient, count: int) -> None:
        numbers = range(self.last + 1, self.last + 1 + count)
        self.last += count
        task = asyncio.create_task(self._post(client, numbers))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _post(self, client: httpx.AsyncClient, numbers: range) -> None:
        packets = [make_packet(self.name, n, time_us=wall_us()) for n in numbers]
        self.sent += len(packets)
        try:
            answer = await client.post(
                next(self._urls),
                content=b"".join(packets),
                headers={"Content-Type": "application/octet-stream"},
            )
        except httpx.HTTPError:
            self.answers[0] += 1
            return
        self.answers[answer.status_code] += 1
        if answer.is_success:
            self._acknowledged.update(numbers)
