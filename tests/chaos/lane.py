"""A lane: a steady sender of numbered packets over one transport, and what it knows of them.

The rate is kept whatever the receiver does, but a lane that was held back does not make up for
more than BURST_SECONDS of it. Numbers rise from 1 without gaps; a number is used once, except by
acknowledged HEP, which may send the same packet again.
"""

import asyncio
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Protocol

from chaos.numbers import LaneName

TICK_SECONDS = 0.02
BURST_SECONDS = 0.5


class Lane(Protocol):
    """What a run asks of a sender."""

    name: LaneName

    @property
    def last(self) -> int:
        """The highest number made so far."""
        ...

    @property
    def sent(self) -> int:
        """Packets handed to the kernel; one that was sent again counts again."""
        ...

    def acknowledged(self) -> AbstractSet[int]:
        """Numbers that ingest has promised to keep."""
        ...

    async def run(self) -> None:
        """Send until ``finish``."""
        ...

    async def finish(self, *, seconds: float) -> bool:
        """Make no more numbers; return whether everything under way was settled in time."""
        ...


class Pace:
    """Tells how many packets are due; ``hold`` stops the flow, ``stop`` ends it."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._from = clock()
        self._owed = 0.0
        self._flows = asyncio.Event()
        self._flows.set()
        self.is_stopped = False

    def due(self) -> int:
        """Return how many packets are due since the last call."""
        now = self._clock()
        if not self._flows.is_set() or self.is_stopped:
            self._from = now
            return 0
        burst = max(1.0, self.rate * BURST_SECONDS)
        self._owed = min(burst, self._owed + (now - self._from) * self.rate)
        self._from = now
        count = int(self._owed)
        self._owed -= count
        return count

    async def tick(self) -> int:
        """Return how many packets are due, after a moment."""
        await asyncio.sleep(TICK_SECONDS)
        return self.due()

    def hold(self) -> None:
        """Let nothing become due."""
        self._flows.clear()

    def release(self) -> None:
        """End a hold; what would have been sent meanwhile is not made up for."""
        self._from = self._clock()
        self._flows.set()

    def stop(self) -> None:
        """Let nothing become due any more."""
        self.is_stopped = True


def wall_us() -> int:
    """The time that packets carry."""
    return time.time_ns() // 1000
