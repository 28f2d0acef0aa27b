"""Turns of the event loop: whoever has much to take lets the others go on in between.

A kilobyte may be a hundred packets, or one that inflates to 256 kB: work is bounded by its time,
since neither bytes nor packets tell it.
"""

import asyncio
from time import monotonic

TURN_SECONDS = 0.005
"""Work at a stretch; the longest that one step may take beyond it is one packet."""


class Turn:
    """Counts the time since the loop was let go on last."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = monotonic() + TURN_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether the others should go on now."""
        return monotonic() >= self._until

    async def rest(self) -> None:
        """Let the others go on if it is time."""
        if self.is_over:
            await asyncio.sleep(0)
            self._until = monotonic() + TURN_SECONDS
