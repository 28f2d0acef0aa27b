"""One reader of a live stream: the events that wait for it, which are bounded."""

import asyncio
import time
from collections import deque

from hepscope_query_api.live.events import Event, event
from hepscope_query_api.live.shapes import Lost
from hepscope_query_api.timestamps import format_time, from_us

WAITING = 16
"""Events that wait at most: some seconds of them. Older ones give way, and that is told."""

PATIENCE_S = 30.0
"""A reader that takes nothing for so long, while events give way, is cut off."""


class Reader:
    """Takes events from ``put`` to ``get``; never blocks who puts."""

    def __init__(self, after_us: int | None) -> None:
        self.after_us = after_us
        self.losses = 0
        self._waiting: deque[Event] = deque()
        self._lost: tuple[int, int, int] | None = None
        self._something = asyncio.Event()
        self._is_ended = False
        self._stuck_since: float | None = None
        self._sending: asyncio.Task[object] | None = None

    @property
    def is_stuck(self) -> bool:
        """Whether it has taken nothing for too long."""
        since = self._stuck_since
        return since is not None and time.monotonic() - since > PATIENCE_S

    def put(self, one: Event) -> None:
        """Let an event wait; the oldest gives way when there are too many."""
        if self._is_ended:
            return
        if len(self._waiting) >= WAITING:
            self._give_way(self._waiting.popleft())
        self._waiting.append(one)
        self._something.set()

    async def get(self) -> bytes | None:
        """Return what is to be sent next, None once the stream is over."""
        while True:
            self._stuck_since = None
            if self._lost is not None:
                return self._take_lost(self._lost)
            if self._waiting:
                return self._waiting.popleft().data
            if self._is_ended:
                return None
            self._something.clear()
            await self._something.wait()

    def end(self, last: Event | None = None) -> None:
        """Let the stream end in order, with what is under way and then ``last``, if it is taken."""
        self._is_ended = True
        self._lost = None
        self._waiting.clear()
        if last is not None:
            self._waiting.append(last)
        if self._stuck_since is not None and self._sending is not None:
            self._sending.cancel()
        self._something.set()

    def is_sent_by(self, task: asyncio.Task[object] | None) -> None:
        """Note who sends, so that ``cut`` can stop it in the midst of that."""
        self._sending = task

    def cut(self) -> None:
        """End the stream although the client takes nothing, not even its end."""
        self.end()
        if self._sending is not None:
            self._sending.cancel()

    def _give_way(self, one: Event) -> None:
        if self._stuck_since is None:
            self._stuck_since = time.monotonic()
        if one.messages:
            first_us, _, count = self._lost or (one.at_us, one.at_us, 0)
            self._lost = first_us, one.at_us, count + one.messages

    def _take_lost(self, lost: tuple[int, int, int]) -> bytes:
        first_us, last_us, count = lost
        self._lost = None
        self.losses += 1
        told = Lost(
            from_=format_time(from_us(first_us)),
            to=format_time(from_us(last_us)),
            reason="slow",
            messages=count,
        )
        return event("lost", told, last_us).data
